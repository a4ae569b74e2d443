// A transfer once per key, through a crash. Run it against any PostgreSQL: DATABASE_URL=postgres://… node once.mjs
import { randomUUID } from 'node:crypto'
import { fencepost } from 'fencepost'
import pg from 'pg'

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
const fp = fencepost(pool)
const key = `example:${randomUUID()}`

// A provider outside of the database: for one idempotency key it transfers once.
const transfers = new Map()
const provider = {
  transfer: (idempotencyKey, amount) => transfers.set(idempotencyKey, { id: 'tr_1', amount }).get(idempotencyKey),
}

console.log(await fp.once(`${key}:1`, ({ idempotencyKey }) => provider.transfer(idempotencyKey, 5)))
console.log('replayed:', await fp.once(`${key}:1`, () => console.log('never printed')))

// The connection that holds the key breaks in the middle, as when the process freezes for too long.
const cutOff = fp.once(`${key}:2`, async ({ idempotencyKey }) => {
  provider.transfer(idempotencyKey, 7)
  await pool.query('select pg_terminate_backend(backend) from fencepost.who($1, $2)', [`${key}:2`, 'default/once'])
})
console.log(await cutOff.catch((error) => error.code))
console.log('the next call:', await fp.once(`${key}:2`, () => {}).catch((error) => error.code))

await fp.reconcile(({ idempotencyKey }) => {
  const transfer = transfers.get(idempotencyKey)
  return transfer === undefined ? 'retry' : { as: 'done', result: transfer }
})
console.log('settled:', await fp.once(`${key}:2`, () => {}), 'transfers:', transfers.size)

await fp.close()
await pool.end()
// { id: 'tr_1', amount: 5 }
// replayed: { id: 'tr_1', amount: 5 }
// ONCE_UNCERTAIN
// the next call: ONCE_UNCERTAIN
// settled: { id: 'tr_1', amount: 7 } transfers: 2
