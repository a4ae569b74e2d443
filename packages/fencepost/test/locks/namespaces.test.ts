import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'

const database = await cloneDatabase()
afterAll(() => database[Symbol.asyncDispose]())

test('P1, P3: whoever holds a name in one namespace is not refused, nor anybody else let through, by another (H15)', async () => {
  await using one = fencepost(database.url, { namespace: 'one' })
  await using two = fencepost(database.url, { namespace: 'two' })
  await using mine = await one.lock('a')
  const theirs = await two.lock('a')
  for (const lock of [mine, theirs]) await lock.transaction((tx) => tx.query('select 1'))
  const guard = (token: number, namespace: string) =>
    database.admin.query(`select fencepost.guard('a', $1, $2)`, [token, namespace])
  await guard(mine.token, 'one')
  await expect(guard(theirs.token, 'one')).rejects.toMatchObject({ code: 'LK001' })
  await expect(guard(mine.token, 'two')).rejects.toMatchObject({ code: 'LK001' })
  await theirs.release()
  await mine.transaction((tx) => tx.query('select 1'))
  await expect(guard(theirs.token, 'two')).rejects.toMatchObject({ code: 'LK001' })
})

test('P1: a namespace has no colon, so none and a name look like another two; in SQL such two are one lock (H15)', async () => {
  expect(() => fencepost(database.url, { namespace: 'a:b' })).toThrow(TypeError)
  await using fp = fencepost(database.url, { namespace: 'a' })
  const client = await database.admin.connect()
  await client.query(`call fencepost.lock('c', namespace => 'a:b')`)
  expect(await fp.tryLock('b:c')).toBeNull()
  await client.query(`select fencepost.unlock('c', 'a:b')`)
  client.release()
  await using lock = await fp.lock('b:c')
  expect(lock.token).toBeGreaterThan(0)
})
