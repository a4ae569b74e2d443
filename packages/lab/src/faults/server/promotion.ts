import { TTL_MS } from '../../contenders/contender.ts'
import type { Fault } from '../fault.ts'

export const promotion: Fault = {
  name: 'promotion',
  about: 'kill -9 of the primary PostgreSQL, its asynchronous standby is promoted and found at the same address',
  moments: ['after-check', 'before-check'],
  stand: 'replicated',
  stance: 'waits',
  patienceMs: TTL_MS * 1.5,
  whyNot: ({ servers = [] }) => (servers.some((kind) => kind !== 'pgbouncer') ? 'its lock is not in PostgreSQL' : null),
  strike: (stand) => stand.replicated?.failOver() ?? Promise.reject(new Error('there is no standby')),
}
