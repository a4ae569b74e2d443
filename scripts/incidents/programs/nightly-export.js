// Takes a session lock through whatever DATABASE_URL names, says whether it has it, and forgets to let go.
import pg from 'pg'

const client = new pg.Client(process.env.DATABASE_URL)
await client.connect()
const { rows } = await client.query('select pg_try_advisory_lock(42) as mine')
console.log(rows[0].mine ? 'the lock is mine' : 'somebody else has it')
await client.end()
