import { fencepost } from 'fencepost'
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
