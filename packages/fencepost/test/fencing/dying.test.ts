import { fencepost } from 'fencepost'
import pg from 'pg'
import { expect, test } from 'vitest'
import { ownServer } from '../support/database.ts'

const LOCKS = 8000
const ROUNDS = 3
/** Answers at the moment of the grant: whether the holder before, whose session it was, still seems to live. */
const LOCK = `
  with granted as materialized (select pg_advisory_lock(fencepost.key($1)))
  select not pg_try_advisory_lock_shared($2) as "isAlive" from granted`

test('P3: no lock of a session that ends is granted while the session still counts as alive', async () => {
  // The longer a backend takes to let go of all it held, the longer it was so.
  await using server = await ownServer({ max_locks_per_transaction: '512' })
  await using admin = await connect(server.url)
  for (let round = 0; round < ROUNDS; round++) {
    await using fp = fencepost(server.url, { maxLocks: LOCKS })
    await Promise.all(Array.from({ length: LOCKS }, (_, i) => fp.lock(`n${i}`)))
    const {
      rows: [holder],
    } = await admin.client.query('select session, backend from fencepost.sessions order by opened_at desc limit 1')
    const next = await Promise.all(Array.from({ length: 12 }, () => connect(server.url)))
    const grants = next.map(({ client }, i) => client.query(LOCK, [`n${i * 100}`, holder.session]))
    await expect.poll(() => waiting(admin.client)).toBe(next.length)
    await admin.client.query('select pg_terminate_backend($1)', [holder.backend])
    const alive = (await Promise.all(grants)).map(({ rows }) => rows[0].isAlive)
    expect(alive).toEqual(next.map(() => false))
    await Promise.all(next.map((one) => one[Symbol.asyncDispose]()))
  }
}, 60_000)

async function waiting(client: pg.Client): Promise<number> {
  const { rows } = await client.query(
    "select count(*)::integer from pg_locks where locktype = 'advisory' and not granted",
  )
  return rows[0].count
}

async function connect(connectionString: string) {
  const client = new pg.Client({ connectionString })
  client.on('error', () => {})
  await client.connect()
  return { client, [Symbol.asyncDispose]: () => client.end() }
}
