import { describeLockers } from '../peers/settings.js'
import { interleave } from './interleave.js'

const ROUNDS = { full: 25, quick: 7 }
const ROUND_MS = { full: 800, quick: 400 }

/** @type {import('../suites.js').Work} Lock and release by one caller, each name once. */
export const lock1 = {
  name: 'lock-1',
  subjects: ['fencepost', 'raw pg', 'redlock'],
  targets: [
    { work: 'lock-1', per: { subject: 'raw pg' }, atLeast: 0.75 },
    { work: 'lock-1', per: { subject: 'redlock' }, atLeast: 4 },
  ],
  notes: describeLockers,
  measure: (site, subjects) =>
    interleave(site, subjects, {
      work: 'lock-1',
      unit: 'pairs/s',
      rounds: site.rounds(ROUNDS),
      processes: 1,
      round: async ([process]) => await process?.call('pairs', 1, site.pick(ROUND_MS)),
    }),
}
