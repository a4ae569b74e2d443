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
    await database.admin.query('select pg_terminate_backend($1)', [holder?.backend])
    await eventually(async () => lock.signal.aborted)
  }
  expect(tokens).toEqual([...tokens].toSorted((a, b) => a - b))
  expect(new Set(tokens).size).toBe(4)
  expect(tokens.every((token) => Number.isSafeInteger(token) && token % 2 === 0)).toBe(true)
})

test.each(['crash', 'fast'] as const)(
  'P2, P3: after a %s restart of the server the old holder is told and refused, and the new token is larger',
  async (how) => {
    await using server = await ownServer()
    await using fp = fencepost(server.url)
    const lock = await fp.lock('a')
    await server.restart(how)
    await eventually(async () => lock.signal.aborted)

    // Nobody has taken it since; a crash has emptied the table, so nobody could tell any more.
    if (how === 'crash') await expect(write(server.url, lock)).rejects.toMatchObject({ code: 'STALE_TOKEN' })
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

test('P2: a name that has used up its numbers starts a new epoch, and its tokens go on rising (H5)', async () => {
  await using fp = fencepost(database.url)
  const first = await fp.lock('worn')
  await first.release()
  const last = (Math.floor(first.token / 2 ** 32) + 1) * 2 ** 32 - 2
  await database.admin.query(`update fencepost.locks set token = $1 where name = 'worn'`, [last])
  await using next = await fp.lock('worn')
  expect(next.token).toBeGreaterThan(last)
  expect(next.token % 2 ** 32).toBe(0)
  await next.transaction(async () => {})
})

test('P2: a copied database starts above the tokens it was copied with (H26)', async () => {
  await using fp = fencepost(database.url)
  const lock = await fp.lock('copied')
  await fp.close()
  await database.admin.query(`update fencepost.locks set name = 'another/1/1' where namespace = ''`)
  await using copy = fencepost(database.url)
  await using next = await copy.lock('copied')
  expect(Math.floor(next.token / 2 ** 32)).toBeGreaterThan(Math.floor(lock.token / 2 ** 32))
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
