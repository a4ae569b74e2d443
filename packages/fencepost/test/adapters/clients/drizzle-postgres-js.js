import { drizzle } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'

/** @type {import('./open-client.js').Open} */
export async function open(url) {
  const sql = postgres(url, { max: 3, onnotice: () => {} })
  const db = drizzle(sql)
  return {
    transaction: (work) => db.transaction((tx) => work(tx, (text) => tx.execute(text))),
    outside: [db],
    close: () => sql.end(),
  }
}
