import { setTimeout as delay } from 'node:timers/promises'
import { figureOf, percentile } from '../../report/figures.js'
import { show } from '../../report/show.js'
import { whileHeld } from '../while-held.js'
import { CONCURRENCY, notesOn } from './subjects.js'

/**
 * @typedef {import('../../site.js').Site} Site
 * @typedef {import('../../suites.js').Subject} Subject
 * @typedef {import('../../processes/contender.js').Contender} Contender
 * @typedef {{ subject: Subject, process: Contender, without: number[], held: number[], passed: number }} Side
 */

const UNIT = 'jobs/s'
const ROUNDS = { full: 5, quick: 3 }
const SECONDS = { full: 600, quick: 30, brief: 6 }
/** Through each queue while the horizon is held, before it is measured. */
const PASSED = { full: 500_000, quick: 30_000, brief: 10_000 }
const MEASURED = { full: 50_000, quick: 10_000, brief: 5000 }
/** They pass by turns, in parts, so that the slow do not keep the others from it. */
const PART = { full: 25_000, quick: 10_000, brief: 5000 }
const LIMIT_MS = { full: 20_000, quick: 2000, brief: 700 }

/** @type {import('../../suites.js').Work} Draining while a transaction has long held the vacuum horizon, and without it. */
export const queueHorizon = {
  name: 'horizon',
  subjects: ['fencepost', 'raw', 'graphile-worker', 'graphile-worker batch', 'pg-boss batch'],
  targets: [{ work: 'horizon: of its own rate', atLeast: 0.7 }],
  notes: notesOn,
  measure: async (site, subjects) => {
    const rounds = site.rounds(ROUNDS)
    const sides = await open(site, subjects)
    try {
      // Warm.
      await measure(site, sides, () => [])
      // Half of it before and half after, or a machine that becomes slower would look like a horizon.
      for (let i = 0; i < rounds / 2; i++) await measure(site, sides, ({ without }) => without)
      await whileHeld(site, async () => {
        await pass(site, sides)
        for (let i = 0; i < rounds; i++) await measure(site, sides, ({ held }) => held)
      })
      for (const { process } of sides) await process.call('prepare')
      for (let i = 0; i < rounds / 2; i++) await measure(site, sides, ({ without }) => without)
    } finally {
      await Promise.all(sides.map(({ process }) => process.end()))
    }
    return figures(sides)
  },
}

/** @param {Site} site @param {Subject[]} subjects */
async function open(site, subjects) {
  /** @type {Side[]} */
  const sides = []
  for (const subject of subjects) {
    const [process] = await site.start(subject, 1, 'queue')
    if (process === undefined) throw new Error('no process was started')
    await process.call('prepare')
    sides.push({ subject, process, without: [], held: [], passed: 0 })
  }
  return sides
}

/** One round. @param {Site} site @param {Side[]} sides @param {(side: Side) => number[]} into */
async function measure(site, sides, into) {
  const line = []
  for (const side of sides) {
    const { rate } = await drain(site, side, MEASURED)
    into(side).push(rate)
    line.push(`${side.subject} ${show(rate)}`)
  }
  site.say(`horizon: ${line.join(', ')} ${UNIT}`)
}

/** Jobs go through until as many have as should, and the horizon has been held as long as it should. @param {Site} site @param {Side[]} sides */
async function pass(site, sides) {
  const from = performance.now()
  const ms = (site.seconds ?? site.pick(SECONDS)) * 1000
  const left = () => ms - (performance.now() - from)
  const isPassing = (/** @type {Side} */ { passed }) => passed < site.pick(PASSED)
  while (left() > 0 && sides.some(isPassing)) {
    for (const side of sides.filter(isPassing)) side.passed += (await drain(site, side, PART)).done
  }
  for (const { subject, passed } of sides) site.say(`horizon: ${show(passed)} jobs of ${subject} have passed`)
  if (left() > 0) await delay(left())
}

/**
 * What the limit left over stays where it is: to empty a table would take away what the transaction holds.
 *
 * @param {Site} site
 * @param {Side} side
 * @param {{ full: number, quick: number, brief: number }} count
 * @returns {Promise<{ rate: number, done: number }>}
 */
async function drain(site, { process }, count) {
  return await process.call('drain', {
    count: site.pick(count),
    concurrency: CONCURRENCY,
    limitMs: site.pick(LIMIT_MS),
  })
}

/** @param {Side[]} sides */
function figures(sides) {
  const rates = (/** @type {'held' | 'without'} */ which, /** @type {string} */ work) =>
    sides.map((side) => figureOf({ work, subject: side.subject, unit: UNIT }, side[which]))
  const shares = sides.map(({ subject, held, without }) =>
    figureOf({ work: 'horizon: of its own rate', subject, unit: 'x' }, [
      percentile(held, 0.5) / percentile(without, 0.5),
    ]),
  )
  return [...rates('held', 'horizon'), ...rates('without', 'horizon: without'), ...shares]
}
