import { describeLockers } from '../peers/settings.js'
import { writeTransactions } from './write-transactions.js'

/** @type {import('../suites.js').Work} `lock.transaction` of one update, the lock held all the time, beside BEGIN, UPDATE, COMMIT. */
export const guard = {
  name: 'guard',
  subjects: ['fencepost', 'plain'],
  targets: [{ work: 'guard', per: { subject: 'plain' }, atLeast: 0.75 }],
  notes: describeLockers,
  measure: (site, subjects) => writeTransactions(site, subjects, 'guard'),
}
