import { setTimeout as delay } from 'node:timers/promises'
import { figureOf, percentile } from '../report/figures.js'
import { show } from '../report/show.js'
import { whileHeld } from './while-held.js'

/**
 * @typedef {import('../site.js').Site} Site
 * @typedef {import('../processes/contender.js').Contender} Contender
 */

const UNIT = 'pairs/s'
const PROCESSES = 2
const CALLERS = 2
const SECONDS = { full: 600, quick: 20, brief: 6 }
/** So many figures come out of the time in which the horizon is held. */
const WINDOWS = 50
const WARM_UP_MS = 2000
/** Of the windows of a fifth: what else the machine does only takes away. */
const UNDISTURBED = 0.8

/** @type {import('../suites.js').Work} One hot name at full speed while somebody else's transaction holds the vacuum horizon, and without it. */
export const horizon = {
  name: 'horizon',
  subjects: ['fencepost'],
  targets: [
    { work: 'horizon', per: { work: 'horizon: without' }, atLeast: 0.5 },
    { work: 'horizon: last fifth by first', atLeast: 0.8 },
  ],
  measure: async (site, [subject = 'fencepost']) => {
    const seconds = site.seconds ?? site.pick(SECONDS)
    const processes = await site.start(subject, PROCESSES)
    for (const process of processes) await process.call('contend', CALLERS)
    await delay(WARM_UP_MS)

    const windowMs = (seconds * 1000) / WINDOWS
    // Half of it before and half after, or a machine that becomes slower would look like a horizon.
    const before = await rates(processes, { windows: WINDOWS / 10, windowMs })
    const held = await whileHeld(site, () =>
      rates(processes, { windows: WINDOWS, windowMs, say: (text) => site.say(text) }),
    )
    const after = await rates(processes, { windows: WINDOWS / 10, windowMs })
    await Promise.all(processes.map((process) => process.call('rest')))
    await Promise.all(processes.map((process) => process.end()))

    const fifths = [held.slice(0, WINDOWS / 5), held.slice(-WINDOWS / 5)]
    const [first, last] = fifths.map((part) => percentile(part, UNDISTURBED))
    const trend = (last ?? 0) / (first ?? 1)
    return [
      figureOf({ work: 'horizon', subject, unit: UNIT }, held),
      figureOf({ work: 'horizon: without', subject, unit: UNIT }, [...before, ...after]),
      figureOf({ work: 'horizon: last fifth by first', subject, unit: 'x' }, [trend]),
    ]
  },
}

/**
 * What comes out of each window of `windowMs`, in pairs a second.
 *
 * @param {Contender[]} processes
 * @param {{ windows: number, windowMs: number, say?: (text: string) => void }} how
 */
async function rates(processes, { windows, windowMs, say = () => {} }) {
  const seen = []
  let [pairs, at] = [await count(processes), performance.now()]
  for (let i = 1; i <= windows; i++) {
    await delay(windowMs)
    const [pairsNow, now] = [await count(processes), performance.now()]
    seen.push(((pairsNow - pairs) / (now - at)) * 1000)
    ;[pairs, at] = [pairsNow, now]
    if (i % 10 === 0) say(`horizon, ${i} of ${windows} windows: ${show(percentile(seen.slice(-10), 0.5))} ${UNIT}`)
  }
  return seen
}

/** @param {Contender[]} processes @returns {Promise<number>} */
async function count(processes) {
  const counts = await Promise.all(processes.map((process) => process.call('count')))
  return counts.reduce((sum, pairs) => sum + pairs, 0)
}
