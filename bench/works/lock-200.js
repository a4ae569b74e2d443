import { describeLockers } from '../peers/settings.js'
import { interleave } from './interleave.js'

const ROUNDS = { full: 25, quick: 7 }
const ROUND_MS = { full: 800, quick: 400 }
const CALLERS = 200

/** @type {import('../suites.js').Work} Lock and release by 200 callers in one process, each name once. */
export const lock200 = {
  name: 'lock-200',
  subjects: ['fencepost', 'redis', 'redlock'],
  targets: [
    { work: 'lock-200', per: { subject: 'redis' }, atLeast: 1 },
    { work: 'lock-200', per: { subject: 'redlock' }, atLeast: 15 },
  ],
  notes: describeLockers,
  measure: (site, subjects) =>
    interleave(site, subjects, {
      work: 'lock-200',
      unit: 'pairs/s',
      rounds: site.rounds(ROUNDS),
      processes: 1,
      round: async ([process]) => await process?.call('pairs', CALLERS, site.pick(ROUND_MS)),
    }),
}
