// A leader that is cut off, and the next one. Run it against any PostgreSQL: DATABASE_URL=postgres://… node leader.mjs
import { randomUUID } from 'node:crypto'
import { fencepost } from 'fencepost'
import pg from 'pg'

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
const name = `example:${randomUUID()}`
const [one, two] = [fencepost(pool, { application: 'one' }), fencepost(pool, { application: 'two' })]

// It does not look at its signal, as if it were frozen until another leads.
const leave = new AbortController()
await one.lead(
  name,
  async ({ transaction }) => {
    console.log('one leads')
    await pool.query('select pg_terminate_backend(backend) from fencepost.who($1)', [name])
    await two.lead(name, () => console.log('two leads'))
    await transaction((tx) => tx.query('select 1'))
  },
  {
    signal: leave.signal,
    onEnd: ({ error }) => {
      console.log('one wakes and is refused:', error.code)
      leave.abort()
    },
  },
)
await one.close()
await two.close()
await pool.end()
// one leads
// two leads
// one wakes and is refused: STALE_TOKEN
