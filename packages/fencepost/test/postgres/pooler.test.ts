import { fencepost, findPooler } from 'fencepost'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { PGBOUNCER, startPgBouncer } from '../support/pgbouncer.ts'

const database = await cloneDatabase()
afterAll(() => database[Symbol.asyncDispose]())

test.skipIf(PGBOUNCER === undefined)(
  'FAULTS 10, P7: PgBouncer in transaction mode is refused, and nothing of ours is left on its connections',
  async () => {
    await using bouncer = await startPgBouncer(database.url, 'transaction')
    await using fp = fencepost(bouncer.url)
    for (const call of [() => fp.lock('a'), () => fp.tryLock('a')]) {
      await expect(call()).rejects.toMatchObject({
        code: 'UNSAFE_POOLER',
        message: expect.stringMatching(/session mode/),
      })
    }
    const client = new pg.Client(bouncer.url)
    await client.connect()
    expect((await client.query('show lock_timeout')).rows).toEqual([{ lock_timeout: '0' }])
    await client.end()
    expect(
      (
        await database.admin.query(
          `select from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`,
        )
      ).rowCount,
    ).toBe(0)
  },
)

test.skipIf(PGBOUNCER === undefined)('FAULTS 10: PgBouncer in session mode works', async () => {
  await using bouncer = await startPgBouncer(database.url, 'session')
  await using fp = fencepost(bouncer.url)
  await using direct = fencepost(database.url)
  await using lock = await fp.lock('a')
  expect(await direct.tryLock('a')).toBeNull()
  await lock.transaction((tx) => tx.query('select 1'))
  const next = direct.lock('a')
  await lock.release()
  await (await next).release()
})

test.skipIf(PGBOUNCER === undefined)(
  'what stands before a server is told by mode, with the way around it, and nothing of ours is left',
  async () => {
    const where = new URL(database.url).host + new URL(database.url).pathname
    expect(await findPooler(database.url)).toMatchObject({ mode: 'none', where })
    for (const mode of ['session', 'transaction'] as const) {
      await using bouncer = await startPgBouncer(database.url, mode)
      expect(await findPooler(bouncer.url)).toMatchObject({
        mode,
        directly: expect.stringMatching(/own host and port/),
      })
    }
    await expect(findPooler('postgres://nobody@127.0.0.1:1/x')).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' })
    await expect(findPooler('nonsense')).rejects.toThrow(TypeError)
  },
)

test.skipIf(PGBOUNCER === undefined)(
  'FAULTS 10, P7: a pool in transaction mode that takes its connections in turn is not taken for one in session mode',
  async () => {
    for (const connections of [2, 3, 4]) {
      await using bouncer = await startPgBouncer(database.url, 'transaction', 'server_round_robin = 1')
      // So many at once have the pool open as many.
      const clients = Array.from({ length: connections }, () => new pg.Client(bouncer.url))
      for (const client of clients) await client.connect()
      for (const client of clients) await client.query('begin')
      for (const client of clients) await client.query('commit')
      expect(await findPooler(bouncer.url)).toMatchObject({ mode: 'transaction' })
      await using fp = fencepost(bouncer.url)
      await expect(fp.lock('a')).rejects.toMatchObject({ code: 'UNSAFE_POOLER' })
      for (const client of clients) await client.end()
    }
  },
)

test.skipIf(PGBOUNCER === undefined)(
  'a pool in session mode with no connection left is not taken for one in transaction mode',
  async () => {
    await using bouncer = await startPgBouncer(database.url, 'session', 'default_pool_size = 1')
    expect(await findPooler(bouncer.url)).toMatchObject({ mode: 'unknown' })
  },
)
