import { setTimeout as pause } from 'node:timers/promises'
import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'

const database = await cloneDatabase()
afterAll(() => database[Symbol.asyncDispose]())

const terminate = async (name: string) => {
  await database.admin.query('select pg_terminate_backend(backend, 5000) from fencepost.who($1)', [name])
}

test('P8: releasing twice, at once or later, does not throw and frees the name once', async () => {
  await using fp = fencepost(database.url)
  await using other = fencepost(database.url)
  const lock = await fp.lock('a')
  await Promise.all([lock.release(), lock.release()])
  await using theirs = await other.lock('a')
  await lock.release()
  expect(await fp.tryLock('a')).toBeNull()
  expect(theirs.signal.aborted).toBe(false)
})

test('P8: releasing a lost lock does not throw', async () => {
  await using fp = fencepost(database.url)
  const lock = await fp.lock('b')
  await terminate('b')
  await eventually(async () => lock.signal.aborted)
  await lock.release()
  await lock.release()
})

test("P8: a lock lost under the callback form does not hide the caller's own error, nor its result", async () => {
  await using fp = fencepost(database.url)
  const mine = new Error('mine')
  const failing = fp.lock('c', async (lock) => {
    await terminate('c')
    await eventually(async () => lock.signal.aborted)
    throw mine
  })
  await expect(failing).rejects.toBe(mine)
  const result = await fp.lock('c', { wait: '5s' }, async () => {
    await terminate('c')
    return 42
  })
  expect(result).toBe(42)
  expect(await fp.tryLock('c', () => 'free')).toBe('free')
})

test('after a release the handle refuses to guard and to begin, and a transaction under way is rolled back', async () => {
  await database.admin.query('create table effects (who text)')
  await using fp = fencepost(database.url)
  const lock = await fp.lock('d')
  const work = lock.transaction(async (tx) => {
    await tx.query(`insert into effects values ('late')`)
    await lock.release()
  })
  await expect(work).rejects.toMatchObject({ code: 'LOCK_RELEASED' })
  await expect(lock.transaction(async () => {})).rejects.toMatchObject({ code: 'LOCK_RELEASED' })
  const client = await database.admin.connect()
  await expect(lock.guard(client)).rejects.toMatchObject({ code: 'LOCK_RELEASED' })
  client.release()
  expect((await database.admin.query('select from effects')).rowCount).toBe(0)
})

test('closing twice is closing once, after a transaction too', async () => {
  const fp = fencepost(database.url)
  await fp.lock('h', (lock) => lock.transaction((tx) => tx.query('select 1')))
  await Promise.all([fp.close(), fp.close()])
  await fp.close()
  await expect(fp.migrate()).rejects.toMatchObject({ code: 'CLOSED' })
})

test('closing releases what is held, ends what waits and refuses what comes', async () => {
  const fp = fencepost(database.url)
  await using other = fencepost(database.url)
  const lock = await fp.lock('e')
  await using held = await other.lock('f')
  const waiting = fp.lock('f')
  const ended = expect(waiting).rejects.toMatchObject({ code: 'CLOSED' })
  await eventually(
    async () => (await database.admin.query(`select from pg_stat_activity where wait_event = 'advisory'`)).rowCount,
  )
  await fp.close()
  await ended
  expect(lock.signal.aborted).toBe(false)
  await using next = await other.lock('e')
  expect(next.token).toBeGreaterThan(lock.token)
  await expect(fp.lock('e')).rejects.toMatchObject({ code: 'CLOSED' })
  await expect(fp.tryLock('e')).rejects.toMatchObject({ code: 'CLOSED' })
  expect(held.signal.aborted).toBe(false)
})

test('await using releases at the end of the block', async () => {
  await using fp = fencepost(database.url)
  {
    await using lock = await fp.lock('g')
    expect(await fp.who('g')).toMatchObject([{ token: lock.token, process: process.pid }])
  }
  expect(await fp.who('g')).toEqual([])
})

test('P10: of locks that are held for as long as it takes until they are written down, nothing stays written', async () => {
  await using own = await cloneDatabase()
  await using fp = fencepost(own.url)
  const endAt = performance.now() + 3000
  const holdAgainAndAgain = async (_: unknown, i: number) => {
    // About when it is written down, which is 50 ms after the grant.
    while (performance.now() < endAt) await fp.lock(`b ${i}`, () => pause(48 + Math.random() * 8))
  }
  await Promise.all(Array.from({ length: 200 }, holdAgainAndAgain))
  await eventually(async () => (await own.admin.query('select from fencepost.holders')).rowCount === 0)
})
