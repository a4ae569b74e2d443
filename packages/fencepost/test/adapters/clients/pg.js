import pg from 'pg'

/** @type {import('./open-client.js').Open} */
export async function open(url) {
  const pool = new pg.Pool({ connectionString: url })
  pool.on('error', () => {})
  const outside = await pool.connect()
  return {
    transaction: async (work) => {
      const client = await pool.connect()
      client.on('error', () => {})
      try {
        await client.query('begin')
        await work(client, (text) => client.query(text))
        await client.query('commit')
      } catch (error) {
        await client.query('rollback')
        throw error
      } finally {
        client.release()
      }
    },
    outside: [outside],
    pools: [pool],
    close: () => {
      outside.release()
      return pool.end()
    },
  }
}
