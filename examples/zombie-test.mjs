// A test of what your code does as a zombie, in one process against a real database. DATABASE_URL=postgres://… node zombie-test.mjs
import { fencepost } from 'fencepost'
import { freeze } from 'fencepost/testing'
import pg from 'pg'

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
await pool.query('create table if not exists example_payouts (invoice integer, paid_by text)')
await pool.query('truncate example_payouts')

// What is tested: it pays while it holds the lock, and looks at no signal.
const pay = (lock, invoice, by) =>
  lock.transaction((tx) => tx.query('insert into example_payouts values ($1, $2)', [invoice, by]))

// Each stands for a process, so each has an instance of its own.
const [one, two] = [fencepost(pool), fencepost(pool)]
const zombie = await one.lock('example:payouts')
const frozen = await freeze(zombie)
console.log('it does not know:', zombie.signal.aborted)

await two.lock('example:payouts', { wait: '5s' }, (lock) => pay(lock, 42, 'two'))
await pay(zombie, 42, 'one').catch((error) => console.log('before it wakes:', error.code))

await frozen.thaw()
console.log('it wakes and is told:', zombie.signal.reason.code)
await pay(zombie, 42, 'one').catch((error) => console.log('after that:', error.code))
console.log((await pool.query('select * from example_payouts')).rows)

await pool.query('drop table example_payouts')
await one.close()
await two.close()
await pool.end()
// it does not know: false
// before it wakes: STALE_TOKEN
// it wakes and is told: LOCK_LOST
// after that: STALE_TOKEN
// [ { invoice: 42, paid_by: 'two' } ]
