import pg from 'pg'

const LOCK = { name: 'lock', text: 'select pg_advisory_lock($1)' }
const UNLOCK = { name: 'unlock', text: 'select pg_advisory_unlock($1)' }

/**
 * Plain advisory locks on one connection, by the driver that the library uses too. Unfenced.
 *
 * @param {import('./locker.js').Endpoints} endpoints
 * @returns {Promise<import('./locker.js').Locker>}
 */
export async function openRawPg({ postgres }) {
  const client = new pg.Client({ connectionString: postgres, application_name: `bench ${process.pid}` })
  await client.connect()
  return {
    lock: async (index) => {
      const values = [index]
      await client.query({ ...LOCK, values })
      return () => client.query({ ...UNLOCK, values })
    },
    close: () => client.end(),
  }
}
