import { interleave } from '../interleave.js'
import { CONCURRENCY, GRAPHILE, notesOn } from './subjects.js'

const ROUNDS = { full: 5, quick: 5 }
const JOBS = { full: 50_000, quick: 10_000 }
/** For who does not come to the end. */
const LIMIT_MS = { full: 15_000, quick: 1000 }

/** @type {import('../../suites.js').Work} Jobs that do nothing, worked off by one process. */
export const drain = {
  name: 'drain',
  subjects: ['fencepost', 'raw', ...GRAPHILE, 'pg-boss', 'pg-boss batch', 'bullmq', 'bullmq always'],
  targets: [
    { work: 'drain', per: { subject: GRAPHILE }, atLeast: 1.5 },
    { work: 'drain', per: { subject: 'bullmq' }, atLeast: 2.5 },
    { work: 'drain', per: { subject: 'raw' }, atLeast: 0.5 },
  ],
  notes: notesOn,
  measure: async (site, subjects) => {
    const how = { count: site.pick(JOBS), concurrency: CONCURRENCY, limitMs: site.pick(LIMIT_MS) }
    return await interleave(site, subjects, {
      work: 'drain',
      unit: 'jobs/s',
      rounds: site.rounds(ROUNDS),
      warmUps: 1,
      processes: 1,
      part: 'queue',
      round: async ([process]) => {
        if (process === undefined) throw new Error('no process was started')
        await process.call('prepare')
        const { rate } = await process.call('drain', how)
        return rate
      },
    })
  },
}
