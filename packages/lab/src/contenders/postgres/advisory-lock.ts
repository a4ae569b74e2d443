import { openPool } from '../../servers/ledger.ts'
import type { Contender, OpenLock, Place } from '../contender.ts'

export const advisoryLock: Contender = {
  name: 'pg-advisory-lock',
  about: 'pg_advisory_lock on a client of a pool, pg_advisory_unlock; the payout on another client',
  isSession: true,
  settings: { key: 'hashtextextended(name, 0)' },
  open: (place) => openAdvisory(place, place.postgres),
}

export const pooledAdvisoryLock: Contender = {
  name: 'pg-advisory-pooled',
  about: 'the same through PgBouncer in transaction mode, as on most hosted databases by default',
  servers: ['pgbouncer'],
  settings: { key: 'hashtextextended(name, 0)', pool_mode: 'transaction' },
  open: (place) => openAdvisory(place, place.pgbouncer),
}

async function openAdvisory({ application }: Place, url: string): Promise<OpenLock> {
  const pool = openPool(url, application)
  return {
    async hold(name, work) {
      const client = await pool.connect()
      let isUsable = false
      try {
        await client.query('select pg_advisory_lock(hashtextextended($1, 0))', [name])
        await work({})
        await client.query('select pg_advisory_unlock(hashtextextended($1, 0))', [name])
        isUsable = true
      } finally {
        client.release(!isUsable)
      }
    },
    close: () => pool.end(),
  }
}
