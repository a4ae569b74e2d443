import { CompiledQuery, Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'

/** @type {import('./open-client.js').Open} */
export async function open(url) {
  const pool = new pg.Pool({ connectionString: url })
  pool.on('error', () => {})
  const db = new Kysely({ dialect: new PostgresDialect({ pool }) })
  return {
    transaction: (work) =>
      db.transaction().execute((tx) => work(tx, (text) => tx.executeQuery(CompiledQuery.raw(text)))),
    outside: [db],
    close: () => db.destroy(),
  }
}
