import { fencepost } from 'fencepost'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase, ownServer } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'

const database = await cloneDatabase()
afterAll(() => database[Symbol.asyncDispose]())

test('P2: tokens of a name rise over release, over a killed backend and over another process', async () => {
  await using fp = fencepost(database.url)
  await using other = fencepost(database.url)
  const tokens: number[] = []
  for (const taker of [fp, other, fp, other]) {
    const lock = await taker.lock('a')
    tokens.push(lock.token)
    const [holder] = await taker.who('a')
    await database.admin.query('select pg_terminate_backend($1, 5000)', [holder?.backend])
    await eventually(async () => lock.signal.aborted)
  }
  expect(tokens).toEqual([...tokens].toSorted((a, b) => a - b))
  expect(new Set(tokens).size).toBe(4)
  expect(tokens.every((token) => Number.isSafeInteger(token) && token % 2 === 0)).toBe(true)
})

test.each(['crash', 'fast'] as const)(
  'FAULTS 4, P2, P3: after a %s restart of the server the old holder is told and refused, and the new token is larger',
  async (how) => {
    await using server = await ownServer()
    await using fp = fencepost(server.url)
    const lock = await fp.lock('a')
    await server.restart(how)
    await eventually(async () => lock.signal.aborted)

    await expect(write(server.url, lock)).rejects.toMatchObject({ code: 'STALE_TOKEN' })
    await using next = await fp.lock('a')
    expect(next.token).toBeGreaterThan(lock.token)
    await expect(write(server.url, lock)).rejects.toMatchObject({ code: 'STALE_TOKEN', cause: { code: 'LK001' } })
    await write(server.url, next)
  },
)

test('P2: a crash raises the epoch once, however many come back', async () => {
  await using server = await ownServer()
  await using fp = fencepost(server.url)
  await fp.lock('a')
  await server.restart('crash')
  await using first = fencepost(server.url)
  await using second = fencepost(server.url)
  const locks = await Promise.all([first.lock('b'), second.lock('c'), first.lock('d'), second.lock('e')])
  expect(new Set(locks.map(({ token }) => Math.floor(token / 2 ** 32))).size).toBe(1)
})

test('P2: tokens that run into the next epoch go on rising, and that epoch is on disk long before (H5)', async () => {
  await using fp = fencepost(database.url)
  const first = await fp.lock('a')
  await first.release()
  const epoch = Math.floor(first.token / 2 ** 32)
  const epochs = async () => {
    const { rows } = await database.admin.query<{ epoch: string }>(
      'select epoch from fencepost.epochs where epoch > $1',
      [epoch],
    )
    return rows.map((row) => Number(row.epoch))
  }
  const countTo = (half: number) =>
    database.admin.query(`select setval('fencepost.tokens', $1)`, [epoch * 2 ** 31 + half])

  await countTo(2 ** 31 - 2 ** 20 - 1)
  expect(await epochs()).toEqual([])
  await (await fp.lock('a')).release()
  expect(await epochs()).toEqual([epoch + 1])
  await countTo(2 ** 31 - 2)
  const tokens: number[] = []
  for (let i = 0; i < 4; i++) await fp.lock('a', (lock) => lock.transaction(async () => tokens.push(lock.token)))
  const last = (epoch + 1) * 2 ** 32
  expect(tokens).toEqual([last - 2, last, last + 2, last + 4])
})

test.each([
  ['a restored or copied database', `update fencepost.boot set marker = 'another/1/1'`],
  ['a sequence set back by hand', `select setval('fencepost.tokens', 1)`],
  ['an emptied table', 'truncate fencepost.boot'],
  [
    'a raise that was rolled back',
    'truncate fencepost.boot; begin; select fencepost.ensure_epoch(), fencepost.next_token(); rollback',
  ],
  ['a restore that took the epochs back', `truncate fencepost.boot; delete from fencepost.epochs where epoch > 1024`],
])('P2: %s starts above all tokens it has seen (H26)', async (_, happening) => {
  await using fp = fencepost(database.url)
  const lock = await fp.lock('a')
  await fp.close()
  await database.admin.query(happening)
  await using copy = fencepost(database.url)
  await using next = await copy.lock('a')
  expect(Math.floor(next.token / 2 ** 32)).toBeGreaterThan(Math.floor(lock.token / 2 ** 32))
})

test('P2: a transaction that is rolled back hands no token out twice (H3)', async () => {
  await using fp = fencepost(database.url)
  const tokens = new Set<string>()
  const client = await database.admin.connect()
  for (let i = 0; i < 3; i++) {
    await client.query('begin')
    const { rows } = await client.query<{ token: string }>(`select fencepost.try_lock('rolled back') as token`)
    tokens.add(rows[0]?.token ?? '')
    await client.query('rollback')
    expect(await fp.tryLock('rolled back')).toBeNull()
    await client.query(`select fencepost.unlock('rolled back')`)
  }
  client.release()
  expect(tokens.size).toBe(3)
  await using lock = await fp.lock('rolled back')
  expect([...tokens].every((token) => Number(token) < lock.token)).toBe(true)
})

test('P2: a snapshot from before a name was used is refused, and one statement that locks many sees each token rise (H8)', async () => {
  await using fp = fencepost(database.url)
  const [old, client] = [await database.admin.connect(), await database.admin.connect()]
  await old.query('begin isolation level repeatable read')
  await old.query('select 1')
  const used: number[] = []
  for (let i = 0; i < 4; i++) await fp.lock('unseen', async ({ token }) => used.push(token))
  await expect(old.query(`select fencepost.try_lock('unseen')`)).rejects.toMatchObject({ code: 'LK002' })
  await old.query('rollback')

  const batch = `select fencepost.try_lock(name)::bigint as token
    from unnest(array['unseen', 'two', 'three']) with ordinality as names (name, nth) order by nth`
  const { rows } = await client.query<{ token: string }>(batch)
  const tokens = rows.map(({ token }) => Number(token))
  expect([...used, ...tokens]).toEqual([...used, ...tokens].toSorted((one, other) => one - other))
  expect(new Set([...used, ...tokens]).size).toBe(7)
  for (const one of [old, client]) one.release(true)
})

test('P2, P3: no name leaves a row that anything rests on: without any of them holders stay, and tokens rise (H9)', async () => {
  await using fp = fencepost(database.url)
  await using other = fencepost(database.url)
  await Promise.all(Array.from({ length: 200 }, (_, i) => fp.lock(`once ${i}`, async () => {})))
  const left = await database.admin.query(`select from fencepost.holders union all select from fencepost.waiters`)
  expect(left.rowCount).toBe(0)

  const lock = await fp.lock('kept')
  await using reader = await fp.lock('read', { shared: true })
  await database.admin.query(
    'delete from fencepost.holders; delete from fencepost.waiters; delete from fencepost.shared_tokens; delete from fencepost.sessions',
  )
  expect(await other.tryLock('kept')).toBeNull()
  expect(await other.tryLock('read')).toBeNull()
  for (const held of [lock, reader]) await held.transaction((tx) => tx.query('select 1'))
  await lock.release()
  await using next = await other.lock('kept')
  expect(next.token).toBeGreaterThan(lock.token)
  await using another = await other.lock('read', { shared: true })
  expect(another.token).toBeGreaterThanOrEqual(reader.token)
  for (const held of [next, reader, another]) await held.transaction((tx) => tx.query('select 1'))
})

test('P2: a token drawn in a transaction, or below a savepoint, that is rolled back is not drawn again (H14)', async () => {
  const client = await database.admin.connect()
  const draw = async () => {
    await client.query(`select pg_advisory_xact_lock(fencepost.key('h14'))`)
    const { rows } = await client.query<{ token: string }>('select fencepost.next_token() as token')
    return Number(rows[0]?.token)
  }
  const tokens: number[] = []
  await client.query('begin')
  await client.query('savepoint one')
  tokens.push(await draw())
  await client.query('rollback to one')
  tokens.push(await draw())
  await client.query('rollback')
  client.release()
  await using fp = fencepost(database.url)
  await using lock = await fp.lock('h14')
  tokens.push(lock.token)
  expect(tokens).toEqual([...new Set(tokens)].toSorted((one, other) => one - other))
})

async function write(url: string, lock: { guard(tx: pg.Client): Promise<void> }): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    await client.query('begin')
    await lock.guard(client)
    await client.query('commit')
  } finally {
    await client.end()
  }
}
