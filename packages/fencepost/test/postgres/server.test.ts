import { Socket } from 'node:net'
import { fencepost } from 'fencepost'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase, ownServer } from '../support/database.ts'

const database = await cloneDatabase()
afterAll(() => database[Symbol.asyncDispose]())

test('a pool, a pool with its password apart, and a pool config are as good as a URL; the pool stays open', async () => {
  const { hostname, port, username, password, pathname } = new URL(database.url)
  const config = { host: hostname, port: Number(port), user: username, password, database: pathname.slice(1) }
  const pools = [new pg.Pool({ connectionString: database.url, max: 1 }), new pg.Pool({ ...config, max: 1 })]
  for (const target of [...pools, config]) {
    await using fp = fencepost(target)
    await using lock = await fp.lock('a')
    expect(await lock.transaction(async (tx) => (await tx.query('select 1 as one')).rows)).toEqual([{ one: 1 }])
  }
  for (const pool of pools) {
    expect((await pool.query('select 1')).rowCount).toBe(1)
    await pool.end()
  }
})

test('holding a lock takes nothing from a pool of one', async () => {
  const pool = new pg.Pool({ connectionString: database.url, max: 1 })
  await using fp = fencepost(pool)
  const locks = await Promise.all(['a', 'b', 'c'].map((name) => fp.lock(name)))
  expect((await pool.query('select 1')).rowCount).toBe(1)
  await Promise.all(locks.map((lock) => lock.release()))
  await pool.end()
})

test('a URL object and a pool with a stream of its own are as good; what the application parses is its own', async () => {
  const streams: Socket[] = []
  const pool = new pg.Pool({
    connectionString: database.url,
    stream: () => {
      const socket = new Socket()
      streams.push(socket)
      return socket
    },
  })
  await using fp = fencepost(pool)
  await (await fp.lock('a')).release()
  expect(streams).not.toEqual([])
  await using other = fencepost(new URL(database.url))
  const { BOOL, INT8 } = pg.types.builtins
  pg.types.setTypeParser(BOOL, (text) => `bool ${text}`)
  pg.types.setTypeParser(INT8, BigInt)
  try {
    const lock = await other.lock('a')
    expect((await other.who('a'))[0]).toMatchObject({ token: lock.token })
    await expect(fp.lock('a', { wait: '100ms' })).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' })
    await lock.release()
  } finally {
    pg.types.setTypeParser(BOOL, (text) => text === 't')
    pg.types.setTypeParser(INT8, String)
    await pool.end()
  }
})

test('FAULTS 13: a server without room for another lock says so, keeps what is held and goes on when there is room', async () => {
  await using server = await ownServer({ max_locks_per_transaction: '10', max_connections: '10' })
  await using fp = fencepost(server.url)
  const held = [await fp.lock('first')]
  const refused = await (async () => {
    for (let i = 0; ; i++) held.push(await fp.lock(`name ${i}`))
  })().catch((error: unknown) => error)
  expect(refused).toMatchObject({ code: 'OUT_OF_LOCKS', message: expect.stringContaining('max_locks_per_transaction') })
  expect(held.every((lock) => !lock.signal.aborted)).toBe(true)
  await Promise.all(held.splice(1).map((lock) => lock.release()))
  await (await fp.lock('there is room again')).release()
  expect(await fp.who('first')).toHaveLength(1)
})

test('FAULTS 13: in a tick that fails for want of room, each lock is granted or refused for itself, and nothing is left (H20)', async () => {
  await using server = await ownServer({ max_locks_per_transaction: '10', max_connections: '10' })
  await using fp = fencepost(server.url)
  const client = new pg.Client(server.url)
  await client.connect()
  const advisory = async () => (await client.query('select * from fencepost.held_keys()')).rowCount
  await (await fp.lock('first')).release()
  const before = (await advisory()) ?? 0

  const results = await Promise.allSettled(Array.from({ length: 1500 }, (_, i) => fp.lock(`name ${i}`)))
  const granted = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
  expect(granted).not.toEqual([])
  expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['OUT_OF_LOCKS']))
  // While the table is full, nobody else can look either.
  await Promise.all(granted.splice(0, 50).map((lock) => lock.release()))
  expect(await advisory()).toBe(before + 2 * granted.length)
  await granted[0]?.transaction((tx) => tx.query('select 1'))
  await Promise.all(granted.map((lock) => lock.release()))
  expect(await advisory()).toBe(before)
  await client.end()
})
