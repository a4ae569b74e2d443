import { fencepost } from 'fencepost'
import pg from 'pg'
import { expect, test } from 'vitest'
import { ownServer } from '../support/database.ts'

/** The longer a backend takes to let go of all it held, the longer the last of it outlives the first. */
const LOCKS = 40_000
const ROUNDS = 3
const NAME = `
  select name from (select 'n' || i as name from generate_series(1, 1000) as i) as names
  where fencepost.lock_partition(fencepost.key(name)) = 1 limit 1`
const GOES_LAST = 'select fencepost.lock_partition(fencepost.token_key(fencepost.gate($1), $2)) = 15 as "isLast"'
const ACQUIRE = 'select (fencepost.acquire(fencepost.key($1), fencepost.gate($1)) is null) as "isBusy"'
const SHARE = `
  select split_part(fencepost.acquire_shared(fencepost.key($1), fencepost.gate($1)), ' ', 1)::bigint[] as tokens`

test('P3: a token dies with its lock, also if the guard knows of no session', async () => {
  await using site = await open()
  for (let round = 0; round < ROUNDS; round++) {
    await using holder = await connect(site.url)
    await using next = await connect(site.url)
    let token: string
    do {
      await holder.client.query('select fencepost.unlock($1)', [site.name])
      token = (await holder.client.query('call fencepost.lock($1)', [site.name])).rows[0].token
    } while (!(await goesLast(site, token)))
    await burden(holder.client)

    const granted = next.client.query(ACQUIRE, [site.name])
    await expect.poll(() => waiting(site.admin)).toBe(1)
    await site.admin.query('select pg_terminate_backend($1)', [holder.backend])
    expect((await granted).rows).toEqual([{ isBusy: false }])
    await expect(site.admin.query('select fencepost.guard($1, $2)', [site.name, token])).rejects.toMatchObject({
      code: 'LK001',
    })
  }
})

test('P3: a shared token that was released is refused, also while another who shared it is ending', async () => {
  await using site = await open()
  for (let round = 0; round < ROUNDS; round++) {
    await using holder = await connect(site.url)
    await using other = await connect(site.url)
    await using next = await connect(site.url)
    const session = String(round + 1)
    await holder.client.query('select pg_advisory_lock($1)', [session])
    let token: string
    do {
      await holder.client.query('select fencepost.unlock($1)', [site.name])
      token = (await holder.client.query(SHARE, [site.name])).rows[0].tokens[0]
    } while (!(await goesLast(site, token)))
    expect((await other.client.query(SHARE, [site.name])).rows).toEqual([{ tokens: [token] }])
    await burden(other.client)
    await holder.client.query('select fencepost.unlock($1)', [site.name])

    const granted = next.client.query(ACQUIRE, [site.name])
    await expect.poll(() => waiting(site.admin)).toBe(1)
    await site.admin.query('select pg_terminate_backend($1)', [other.backend])
    expect((await granted).rows).toEqual([{ isBusy: false }])
    const late = site.admin.query('select fencepost.guard($1, $2, session => $3)', [site.name, token, session])
    await expect(late).rejects.toMatchObject({ code: 'LK001' })
  }
})

test('P3: what was cut off between the token and the key of a shared lock is let go of', async () => {
  await using site = await open()
  await using lane = await connect(site.url)
  await lane.client.query('call fencepost.boot()')
  // As far as acquire_shared comes if it is cancelled before its last step.
  await lane.client.query(
    'select pg_advisory_lock_shared(fencepost.token_key(fencepost.gate($1), (1024::bigint << 32) + 1))',
    [site.name],
  )
  await lane.client.query('select fencepost.forget(fencepost.key($1), fencepost.gate($1))', [site.name])
  const { rows } = await lane.client.query('select count(*)::integer from fencepost.held_keys(pg_backend_pid())')
  expect(rows).toEqual([{ count: 0 }])
})

async function open() {
  const server = await ownServer({ max_locks_per_transaction: '512' })
  const one = await connect(server.url)
  await using fp = fencepost(server.url)
  await using _ = await fp.lock('first')
  const { rows } = await one.client.query(NAME)
  return {
    url: server.url,
    admin: one.client,
    name: rows[0].name as string,
    async [Symbol.asyncDispose]() {
      await one[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

async function goesLast({ admin, name }: { admin: pg.Client; name: string }, token: string): Promise<boolean> {
  return (await admin.query(GOES_LAST, [name, token])).rows[0].isLast
}

async function burden(client: pg.Client): Promise<void> {
  await client.query('select count(pg_advisory_lock(i, 0)) from generate_series(1, $1) as i', [LOCKS])
}

async function waiting(client: pg.Client): Promise<number> {
  const { rows } = await client.query("select count(*)::integer from pg_stat_activity where wait_event = 'advisory'")
  return rows[0].count
}

async function connect(connectionString: string) {
  const client = new pg.Client({ connectionString })
  client.on('error', () => {})
  await client.connect()
  const { rows } = await client.query('select pg_backend_pid() as backend')
  return { client, backend: rows[0].backend as number, [Symbol.asyncDispose]: () => client.end() }
}
