import { drizzle } from 'drizzle-orm/node-postgres'
import pg from 'pg'

/** @type {import('./open-client.js').Open} */
export async function open(url) {
  const pool = new pg.Pool({ connectionString: url })
  pool.on('error', () => {})
  const db = drizzle(pool)
  return {
    transaction: (work) => db.transaction((tx) => work(tx, (text) => tx.execute(text))),
    outside: [db],
    close: () => pool.end(),
  }
}
