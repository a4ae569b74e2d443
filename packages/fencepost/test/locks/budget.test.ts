import { fencepost } from 'fencepost'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase, ownServer } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { onServer } from '../support/on-server.ts'

const database = await cloneDatabase()
afterAll(() => database[Symbol.asyncDispose]())

test('a process holds maxLocks locks and is told at the next; what it holds stays held, and a released one makes room', async () => {
  await using fp = fencepost(database.url, { maxLocks: 20 })
  const asked = await Promise.allSettled(Array.from({ length: 25 }, (_, i) => fp.lock(`a ${i}`)))
  const locks = asked.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []))
  expect(locks).toHaveLength(20)
  for (const end of asked) if (end.status === 'rejected') expect(end.reason).toMatchObject({ code: 'OUT_OF_LOCKS' })
  await expect(fp.tryLock('b')).rejects.toThrow(/this process has 20 locks, which is its limit \(maxLocks\)/)
  expect(locks.every(({ signal }) => !signal.aborted)).toBe(true)
  await locks[0]?.release()
  await using one = await fp.tryLock('b')
  expect(one).not.toBeNull()
})

test('FAULTS 13: others keep room in the lock table, whatever we lock: they lock tables and connect', async () => {
  await using server = await ownServer({ max_connections: '10', max_locks_per_transaction: '10' })
  await using fp = fencepost(server.url)
  let held = 0
  const full = async () => {
    for (;;) {
      await fp.lock(`lock ${held}`)
      held++
    }
  }
  await expect(full()).rejects.toMatchObject({ code: 'OUT_OF_LOCKS' })
  expect(held).toBeGreaterThan(10)
  await onServer(server.url, Array.from({ length: 20 }, (_, i) => `create table t${i} (n int)`).join('; '))
  const client = new pg.Client(server.url)
  await client.connect()
  await client.query('begin; lock table t0, t1, t2, t3, t4, t5, t6, t7, t8, t9 in access exclusive mode; rollback')
  await client.end()
})

test('whoever has no connection left to watch a lock on is told of its release', async () => {
  await using holder = fencepost(database.url)
  await using fp = fencepost(database.url, { maxConnections: 1, application: 'one' })
  const names = Array.from({ length: 5 }, (_, i) => `c ${i}`)
  const held = await holder.lockAll(names)
  const waits = Promise.all(names.map((name) => fp.lock(name)))
  await eventually(async () => (await database.admin.query('select from fencepost.waiters')).rowCount === 5)
  // Held for longer than a moment: who waits for a shorter one finds out by itself.
  const written = 'select from fencepost.holders where name = any($1)'
  await eventually(async () => (await database.admin.query(written, [names])).rowCount === 5)
  const calls: string[] = []
  const listener = await database.admin.connect()
  const { rows } = await database.admin.query<{ session: string }>(`select distinct session from fencepost.waiters`)
  listener.on('notification', ({ payload }) => calls.push(payload ?? ''))
  await listener.query(`listen "fencepost:${rows[0]?.session}"`)
  await held.release()
  for (const lock of await waits) await lock.release()
  await eventually(async () => calls.length >= 5)
  listener.release(true)
})

test('wrong bounds are refused', async () => {
  for (const options of [{ maxConnections: 0 }, { maxConnections: 1.5 }, { maxLocks: -1 }, { maxLocks: '5' }]) {
    expect(() => fencepost(database.url, options as object)).toThrow(/must be a whole number from 1 to/)
  }
})
