import knex from 'knex'

/** @type {import('./open-client.js').Open} */
export async function open(url) {
  const db = knex({ client: 'pg', connection: url })
  return {
    transaction: (work) => db.transaction((trx) => work(trx, (text) => trx.raw(text))),
    outside: [db],
    close: () => db.destroy(),
  }
}
