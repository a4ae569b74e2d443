import { setTimeout as delay } from 'node:timers/promises'
import { figureOf, percentile } from '../report/figures.js'
import { show } from '../report/show.js'

/** @typedef {import('../processes/contender.js').Contender} Contender */

const KILLS = { full: 100, quick: 20, brief: 10 }
const UNIT = 'ms'
/** As starting processes would disturb what is measured, so many are started before, and killed one by one. */
const STARTED_TOGETHER = 10
/** How long the waiter has waited: anything, so that its waits in the server are met at any moment. */
const WAITED_MS = { least: 100, most: 700 }

/** @type {import('../suites.js').Work} From the SIGKILL of the holder to the grant to the one who waits in another process. */
export const takeover = {
  name: 'takeover',
  subjects: ['fencepost'],
  targets: [
    { work: 'takeover', atMost: 30 },
    { work: 'takeover: p99', atMost: 300 },
  ],
  measure: async (site, [subject = 'fencepost']) => {
    const kills = site.rounds(KILLS)
    const latencies = []
    const [waiter] = await site.start(subject, 1)
    if (waiter === undefined) throw new Error('no process was started')
    while (latencies.length < kills) {
      const holders = await site.start(subject, Math.min(STARTED_TOGETHER, kills - latencies.length))
      for (const holder of holders) latencies.push(await takeOver(holder, waiter))
      site.say(`takeover, ${latencies.length} of ${kills} kills: median ${show(percentile(latencies, 0.5))} ${UNIT}`)
    }
    await waiter.end()
    const p99 = percentile(latencies, 0.99)
    return [
      figureOf({ work: 'takeover', subject, unit: UNIT }, latencies),
      figureOf({ work: 'takeover: p99', subject, unit: UNIT }, [p99]),
    ]
  },
}

/** @param {Contender} holder @param {Contender} waiter */
async function takeOver(holder, waiter) {
  await holder.call('hold')
  const granted = waiter.call('take', 0)
  await Promise.race([granted, delay(WAITED_MS.least + Math.random() * (WAITED_MS.most - WAITED_MS.least))])
  const killedAt = holder.kill()
  const { grantedAt } = await granted
  await waiter.call('letGo')
  return grantedAt - killedAt
}
