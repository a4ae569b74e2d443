import { TTL_MS } from '../../contenders/contender.ts'
import type { Fault } from '../fault.ts'

/** What holds an advisory lock for these. The library puts its own name behind that of the application. */
const TERMINATE = `
  select pg_terminate_backend(pid) from pg_stat_activity
  where split_part(application_name, ' ', 1) = any ($1) and pid in (select pid from pg_locks where locktype = 'advisory' and granted)`

export const terminate: Fault = {
  name: 'terminate',
  about: 'pg_terminate_backend of the session that holds the lock; the holder’s process lives on',
  moments: ['after-check', 'before-check'],
  stand: 'plain',
  stance: 'waits',
  patienceMs: TTL_MS * 2,
  whyNot: ({ isSession, servers }) =>
    isSession === true
      ? null
      : `its lock is not held by a session of PostgreSQL${servers?.includes('pgbouncer') ? ' that is its own' : ''}`,
  strike: (stand, holders) => stand.pool.query(TERMINATE, [holders.map(({ application }) => application)]),
}
