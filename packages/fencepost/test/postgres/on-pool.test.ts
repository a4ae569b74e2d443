import { fence, type Fencepost, fencepost } from 'fencepost'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Proxy } from '../support/proxy.ts'

const database = await cloneDatabase()
const { admin } = database
await admin.query('create table ledger (id integer)')
afterAll(() => database[Symbol.asyncDispose]())

type Call = (fp: Fencepost) => Promise<unknown>

const CALLS: [name: string, table: string, call: Call][] = [
  ['jobs.pause', 'fencepost.queues', (fp) => fp.jobs.pause('other')],
  ['history.record', 'fencepost.history_names', (fp) => fp.history.record('seen')],
  ['protect', 'ledger', (fp) => fp.protect('ledger', `ledger ${++rules}`)],
  ['verifier.refusal', 'fencepost.highest_tokens', (fp) => fp.verifier().refusal(request)],
  ['schedules.list', 'fencepost.schedules', (fp) => fp.schedules.list()],
]
// Each another, or there is nothing to wait for.
let rules = 0
const request = { headers: new Headers({ ...fence.header({ name: 'together', token: 2 }) }) }

test.each(CALLS)(
  'P10: %s, whose connection of the pool is ended while it waits, says so, and the next goes on another',
  async (_, table, call) => {
    const pool = new pg.Pool({ connectionString: database.url, max: 1 })
    await using fp = fencepost(pool)
    // Opens the session, which reads some of the tables.
    await fp.who('nobody')
    await using locked = await lockedTable(table)
    const refused = expect(call(fp)).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' })
    await admin.query('select pg_terminate_backend($1)', [await locked.waiter()])
    await refused
    const again = call(fp)
    await locked.waiter()
    await locked[Symbol.asyncDispose]()
    await again
    await pool.end()
  },
)

test.each(CALLS)(
  'P10: %s, whose network breaks while it waits, says so, and the process goes on',
  async (_, table, call) => {
    const proxy = await Proxy.start(database.url)
    const pool = new pg.Pool({ connectionString: proxy.url, max: 1 })
    await using fp = fencepost(pool)
    // Opens the session, which reads some of the tables.
    await fp.who('nobody')
    await using locked = await lockedTable(table)
    const refused = expect(call(fp)).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' })
    await locked.waiter()
    proxy.close()
    await refused
    await pool.end()
  },
)

/** Nobody gets at the table until it is disposed of. */
async function lockedTable(table: string) {
  const client = await admin.connect()
  await client.query(`begin; lock table ${table}`)
  let isLocked = true
  return {
    /** The backend that waits for it. */
    waiter: () =>
      eventually(async () => {
        const text = 'select pid from pg_locks where relation = $1::regclass and not granted'
        return (await admin.query<{ pid: number }>(text, [table])).rows[0]?.pid
      }),
    async [Symbol.asyncDispose]() {
      if (isLocked) await client.query('commit')
      if (isLocked) client.release()
      isLocked = false
    },
  }
}
