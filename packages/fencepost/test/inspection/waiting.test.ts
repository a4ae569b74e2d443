import { fencepost, type Holder, type LockTimeoutError } from 'fencepost'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'

const database = await cloneDatabase()
afterAll(() => database[Symbol.asyncDispose]())

const waiting = async (name: string) => {
  const { rows } = await database.admin.query<{ waiting: number }>('select waiting from fencepost.inspect($1)', [name])
  return rows[0]?.waiting
}

test('a timeout says how many others wait for the lock', async () => {
  await using holder = fencepost(database.url)
  await using fp = fencepost(database.url)
  const lock = await holder.lock('a')
  // Connected: a wait that ends before that has nobody to ask.
  expect(await fp.tryLock('a')).toBeNull()
  const timeOut = async () => {
    const granted = fp.lock('a', { wait: '300ms' })
    return await granted.then(
      () => Promise.reject(new Error('it was free')),
      (error: unknown) => error as LockTimeoutError,
    )
  }
  const alone = await timeOut()
  expect(alone).toMatchObject({ code: 'LOCK_TIMEOUT', waiting: 0, holder: { token: lock.token } })
  expect(alone.message).not.toContain('wait for it')

  await using one = await Remote.start(database.url)
  await using two = await Remote.start(database.url)
  const first = one.call('lock', 'a')
  await eventually(async () => (await waiting('a')) === 1)
  expect((await timeOut()).message).toMatch(/held by .+; 1 waits for it$/)
  const second = two.call('lock', 'a')
  await eventually(async () => (await waiting('a')) === 2)
  const timedOut = await timeOut()
  expect(timedOut).toMatchObject({ waiting: 2 })
  expect(timedOut.message).toMatch(/; 2 wait for it$/)

  await lock.release()
  const granted = await Promise.race([first.then(() => one), second.then(() => two)])
  await granted.call('release', 'a')
  await Promise.all([first, second])
})

test('whoever has to wait is told by whom it is held and how many others wait', async () => {
  await using holder = fencepost(database.url, { application: 'holder' })
  await using fp = fencepost(database.url)
  const lock = await holder.lock('d')
  const told: unknown[] = []
  const onWait = (by: Holder | null, others: number) => void told.push([by?.token, by?.application, others])
  const granting = [fp.lock('d', { onWait }, () => {}), fp.lock('d', { onWait }, () => {})]
  await eventually(async () => told.length === 2)
  // Both draw their tickets together, so each sees the other.
  expect(told).toEqual([
    [lock.token, 'holder', 1],
    [lock.token, 'holder', 1],
  ])
  await lock.release()
  await Promise.all(granting)
})

test('who counts the tickets of the living and those who wait without one', async () => {
  await using one = await Remote.start(database.url)
  await using dead = await Remote.start(database.url)
  await one.call('lock', 'b')
  await dead.call('lock', 'other')
  await database.admin.query(
    `insert into fencepost.waiters (key, session, namespace, name, mode, scopes)
    select fencepost.key('b'), session, 'default', 'b', 'exclusive', '{}' from fencepost.sessions, generate_series(1, 3) where process = any($1)`,
    [[one.pid, dead.pid]],
  )
  const other = new pg.Client(database.url)
  await other.connect()
  const raw = other.query(`select pg_advisory_lock(fencepost.key('b'))`)
  await eventually(async () => (await waiting('b')) === 7)
  await dead.kill()
  await eventually(async () => (await waiting('b')) === 4)
  const { rows } = await database.admin.query(`select process, waiting from fencepost.who('b')`)
  expect(rows).toEqual([{ process: one.pid, waiting: 4 }])
  await one.kill()
  await raw
  expect(await waiting('b')).toBe(0)
  await other.end()
})

test('nobody holds what the next waits for while a guarded transaction is in flight', async () => {
  await using fp = fencepost(database.url)
  const other = new pg.Client(database.url)
  await other.connect()
  await other.query(`begin; select pg_advisory_xact_lock_shared(fencepost.gate('c'))`)
  const timedOut = await fp.lock('c', { wait: '300ms' }).catch((error: unknown) => error)
  expect(timedOut).toMatchObject({ code: 'LOCK_TIMEOUT', holder: null, waiting: 0 })
  const granting = fp.lock('c', { wait: '60s' })
  await eventually(async () => (await waiting('c')) === 1)
  expect(await fp.who('c')).toEqual([])
  expect((await database.admin.query(`select * from fencepost.who('c')`)).rows).toEqual([])
  await other.query('commit')
  await (await granting).release()
  await other.end()
})
