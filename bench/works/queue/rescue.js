import { setTimeout as delay } from 'node:timers/promises'
import { figureOf } from '../../report/figures.js'
import { show } from '../../report/show.js'
import { CONCURRENCY } from './subjects.js'

/** @typedef {import('../../processes/contender.js').Contender} Contender */

const UNIT = 'ms'
const KILLS = { full: 20, quick: 3, brief: 2 }
/** How long the one that takes over has been there: anything, so that its looks are met at any moment. */
const IDLE_MS = { least: 300, most: 1000 }
const LIMIT_MS = 30_000
const DOCUMENTED = [
  'rescue, as others document it: graphile-worker after 4 h, BullMQ at a check for stalled jobs every 30 s,',
  'pg-boss when the job expires (15 min by default) or its heartbeat, where it has one, is missed',
]

/** @type {import('../../suites.js').Work} From the SIGKILL of a worker to where all its jobs have been begun by another. */
export const rescue = {
  name: 'rescue',
  subjects: ['fencepost'],
  targets: [{ work: 'rescue', atMost: 1000 }],
  notes: () => DOCUMENTED,
  measure: async (site, [subject = 'fencepost']) => {
    const kills = site.rounds(KILLS)
    const [last, first] = [/** @type {number[]} */ ([]), /** @type {number[]} */ ([])]
    const [other] = await site.start(subject, 1, 'queue')
    if (other === undefined) throw new Error('no process was started')
    for (let i = 1; i <= kills; i++) {
      const [worker] = await site.start(subject, 1, 'queue')
      const { firstMs, lastMs } = await killed(worker, other)
      first.push(firstMs)
      last.push(lastMs)
      site.say(
        `rescue, ${i} of ${kills} kills: the first job after ${show(firstMs)}, the last after ${show(lastMs)} ${UNIT}`,
      )
    }
    await other.end()
    return [
      figureOf({ work: 'rescue', subject, unit: UNIT }, last),
      figureOf({ work: 'rescue: first job', subject, unit: UNIT }, first),
    ]
  },
}

/** @param {Contender | undefined} worker @param {Contender} other */
async function killed(worker, other) {
  if (worker === undefined) throw new Error('no process was started')
  await worker.call('prepare')
  await worker.call('hold', CONCURRENCY)
  await other.call('watch', CONCURRENCY)
  await delay(IDLE_MS.least + Math.random() * (IDLE_MS.most - IDLE_MS.least))
  const killedAt = worker.kill()
  const { firstAt, lastAt } = await other.call('begun', CONCURRENCY, LIMIT_MS)
  return { firstMs: firstAt - killedAt, lastMs: lastAt - killedAt }
}
