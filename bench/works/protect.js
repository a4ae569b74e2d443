import { describeLockers } from '../peers/settings.js'
import { writeTransactions } from './write-transactions.js'

/** @type {import('../suites.js').Work} BEGIN, UPDATE, COMMIT on a protected table, the token in the settings, beside one that is not. */
export const protect = {
  name: 'protect',
  subjects: ['fencepost', 'plain'],
  targets: [{ work: 'protect', per: { subject: 'plain' }, atLeast: 0.6 }],
  notes: describeLockers,
  measure: (site, subjects) => writeTransactions(site, subjects, 'protect'),
}
