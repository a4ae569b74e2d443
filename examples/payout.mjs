// A payout under a lock, with the fence. Run it against any PostgreSQL: DATABASE_URL=postgres://… node payout.mjs
import { fencepost, StaleTokenError } from 'fencepost'
import pg from 'pg'

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
const fp = fencepost(pool)
await pool.query('create table if not exists example_payouts (invoice int, token bigint)')
await pool.query('truncate example_payouts')

/** Pays an invoice once, whoever else tries. */
async function pay(lock, invoice) {
  await lock.transaction(async (tx) => {
    const { rowCount } = await tx.query('select from example_payouts where invoice = $1', [invoice])
    if (rowCount === 0) await tx.query('insert into example_payouts values ($1, $2)', [invoice, lock.token])
  })
}

const zombie = await fp.lock('account:1')
// Its connection breaks, as after a freeze that was too long. It does not look at zombie.signal.
await pool.query('select pg_terminate_backend(backend) from fencepost.who($1)', ['account:1'])

await fp.lock('account:1', { wait: '5s' }, async (lock) => {
  await pay(lock, 42)
  console.log('paid invoice 42 with a larger token:', lock.token > zombie.token)
})
await pay(zombie, 43).catch((error) => {
  console.log('the zombie was refused:', error instanceof StaleTokenError)
})
console.log('payouts:', (await pool.query('select from example_payouts')).rowCount)

await pool.query('drop table example_payouts')
await fp.close()
await pool.end()
// paid invoice 42 with a larger token: true
// the zombie was refused: true
// payouts: 1
