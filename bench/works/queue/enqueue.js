import { interleave } from '../interleave.js'
import { BULLMQ, ENQUEUERS, notesOn } from './subjects.js'

const ROUNDS = { full: 5, quick: 5 }
const WARM_UPS = { full: 2, quick: 1 }
const ROUND_MS = { full: 2000, quick: 250 }

/** @type {import('../../suites.js').Work} One by one, by ten callers at once in one process. */
export const enqueue10 = {
  name: 'enqueue-10',
  subjects: ENQUEUERS,
  targets: [
    { work: 'enqueue-10', per: { subject: 'graphile-worker' }, atLeast: 4 },
    { work: 'enqueue-10', per: { subject: 'bullmq' }, atLeast: 0.8 },
  ],
  notes: notesOn,
  measure: (site, subjects) => enqueue(site, subjects, { work: 'enqueue-10', callers: 10, size: 1 }),
}

/** @type {import('../../suites.js').Work} By one caller, 500 with each call. */
export const enqueue500 = {
  name: 'enqueue-500',
  subjects: ENQUEUERS,
  targets: [
    { work: 'enqueue-500', per: { subject: 'graphile-worker' }, atLeast: 1.5 },
    { work: 'enqueue-500', per: { subject: BULLMQ }, atLeast: 2 },
  ],
  notes: notesOn,
  measure: (site, subjects) => enqueue(site, subjects, { work: 'enqueue-500', callers: 1, size: 500 }),
}

/**
 * @param {import('../../site.js').Site} site
 * @param {import('../../suites.js').Subject[]} subjects
 * @param {{ work: string, callers: number, size: number }} how
 */
async function enqueue(site, subjects, { work, callers, size }) {
  return await interleave(site, subjects, {
    work,
    unit: 'jobs/s',
    rounds: site.rounds(ROUNDS),
    warmUps: site.pick(WARM_UPS),
    processes: 1,
    part: 'queue',
    round: async ([process]) => await process?.call('enqueue', { callers, size, ms: site.pick(ROUND_MS) }),
  })
}
