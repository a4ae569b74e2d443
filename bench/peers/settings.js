import { LEASE_MS } from './redis.js'

/**
 * How the subjects that lock or write are set, as it is printed.
 *
 * @type {Partial<Record<import('./locker.js').Subject, string>>}
 */
const SETTINGS = {
  'raw pg': 'one connection, named prepared statements',
  plain: 'the same driver and pool as fencepost, without it',
  redis: `SET NX PX ${LEASE_MS} on one server without persistence`,
  redlock: `default, leases of ${LEASE_MS} ms, on five servers without persistence`,
}

/** @param {import('./locker.js').Subject[]} subjects */
export function describeLockers(subjects) {
  return ['settings of fencepost: default', ...subjects.flatMap((subject) => describe(subject))]
}

/** @param {import('./locker.js').Subject} subject */
function describe(subject) {
  const told = SETTINGS[subject]
  return told === undefined ? [] : [`settings of ${subject}: ${told}`]
}
