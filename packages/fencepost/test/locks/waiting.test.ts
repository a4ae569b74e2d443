import { setTimeout as pause } from 'node:timers/promises'
import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'

const database = await cloneDatabase()
afterAll(() => database[Symbol.asyncDispose]())

const waiting = async () =>
  (
    await database.admin.query(
      `select from pg_stat_activity where wait_event = 'advisory' and datname = current_database()`,
    )
  ).rowCount
const tickets = async (name: string) =>
  (await database.admin.query('select from fencepost.waiters where name = $1', [name])).rowCount
const heldKeys = async (name: string) => (await database.admin.query('select from fencepost.who($1)', [name])).rowCount

test('a timeout names the holder and how long it waited; nothing is held and nothing comes later', async () => {
  await using holder = await Remote.start(database.url, { application: 'payouts' })
  await using fp = fencepost(database.url)
  await holder.call('lock', 'a')
  // Connecting counts too, and what is written down of a holder comes a moment after the grant.
  await eventually(async () => (await fp.who('a'))[0]?.acquiredAt)
  const timedOut = await fp.lock('a', { wait: '300ms' }).catch((error: unknown) => error)
  expect(timedOut).toMatchObject({
    code: 'LOCK_TIMEOUT',
    lockName: 'a',
    holder: { application: 'payouts', process: holder.pid },
  })
  expect(String(timedOut)).toMatch(
    /lock "a" was not granted within \d+ ms; held by payouts on .+ \(pid \d+\), backend \d+ since /,
  )
  await holder.call('release', 'a')
  expect(await heldKeys('a')).toBe(0)
  await using lock = await fp.lock('a', { wait: '0s' }).catch(() => fp.lock('a'))
  expect(lock.name).toBe('a')
})

test('an abort ends the wait with its own reason; nothing is held and nothing comes later', async () => {
  await using fp = fencepost(database.url)
  await using other = fencepost(database.url)
  const lock = await fp.lock('b')
  const abort = new AbortController()
  const ended = expect(other.lock('b', { signal: abort.signal })).rejects.toBe('enough')
  await eventually(waiting)
  abort.abort('enough')
  await ended
  await lock.release()
  expect(await heldKeys('b')).toBe(0)
  expect(await waiting()).toBe(0)
})

test('an abort in the local line leaves the others in their order', async () => {
  await using fp = fencepost(database.url)
  const first = await fp.lock('c')
  const abort = new AbortController()
  const order: string[] = []
  const second = fp.lock('c').then(async (lock) => order.push('second') && (await lock.release()))
  const third = expect(fp.lock('c', { signal: abort.signal })).rejects.toThrow('gone')
  const fourth = fp.lock('c').then(async (lock) => order.push('fourth') && (await lock.release()))
  abort.abort(new Error('gone'))
  await first.release()
  await Promise.all([second, third, fourth])
  expect(order).toEqual(['second', 'fourth'])
})

test('P6: the holder can build an index concurrently while others wait', async () => {
  await using holder = fencepost(database.url)
  await using one = fencepost(database.url)
  await using two = fencepost(database.url)
  await database.admin.query('create table big as select generate_series(1, 1000) as n')
  const lock = await holder.lock('migrate')
  const waiters = [one.lock('migrate'), two.lock('migrate')]
  await eventually(async () => (await waiting()) === 1 && (await tickets('migrate')) === 2)
  for (let i = 0; i < 3; i++) await database.admin.query(`create index concurrently big_n_${i} on big (n)`)
  const { rows } = await database.admin.query('select from pg_index where not indisvalid')
  expect(rows).toEqual([])
  await lock.release()
  const granted = await Promise.race(waiters)
  await granted.release()
  await Promise.all(waiters)
})

test('no wait that was cut off is granted late: many short waits on one name leave nothing behind (P1, FACTS 1.2)', async () => {
  const fps = Array.from({ length: 6 }, () => fencepost(database.url))
  const end = performance.now() + 4000
  let granted = 0
  let timedOut = 0
  const contend = async (fp: ReturnType<typeof fencepost>) => {
    while (performance.now() < end) {
      const lock = await fp.lock('hot', { wait: '2ms' }).catch((error: { code: string }) => {
        expect(error.code).toBe('LOCK_TIMEOUT')
        return null
      })
      if (lock === null) timedOut++
      else granted++
      await lock?.release()
    }
  }
  await Promise.all(fps.map(contend))
  expect(granted).toBeGreaterThan(0)
  expect(timedOut).toBeGreaterThan(0)
  expect(await heldKeys('hot')).toBe(0)
  await using lock = await fps[0]?.lock('hot', { wait: '5s' })
  expect(lock?.name).toBe('hot')
  await Promise.all(fps.map((fp) => fp.close()))
})

test('more waits than lanes are all served', async () => {
  await using holder = fencepost(database.url)
  await using fp = fencepost(database.url)
  const names = Array.from({ length: 10 }, (_, i) => `many ${i}`)
  const held = await Promise.all(names.map((name) => holder.lock(name)))
  const waits = names.map((name) => fp.lock(name, { wait: '30s' }))
  await eventually(async () => (await waiting()) === 3)
  await Promise.all(held.map((lock) => lock.release()))
  const locks = await Promise.all(waits)
  expect(locks.map(({ name }) => name)).toEqual(names)
  const { rows } = await database.admin.query<{ n: number }>(
    `select count(*)::integer as n from pg_stat_activity where application_name like '%fencepost' and datname = current_database()`,
  )
  expect(rows[0]?.n).toBeLessThanOrEqual(5)
})

test('a connection that a wait rests on may break: the wait goes on', async () => {
  await using holder = fencepost(database.url, { application: 'holder' })
  await using fp = fencepost(database.url, { application: 'waiter' })
  const lock = await holder.lock('d')
  const next = fp.lock('d', { wait: '30s' })
  await eventually(waiting)
  await database.admin.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'waiter fencepost'`,
  )
  await lock.release()
  expect((await next).token).toBeGreaterThan(lock.token)
})

test('P6: what a stranger notifies a session of, that is no call, is not answered again and again', async () => {
  await using own = await cloneDatabase()
  await using holding = fencepost(own.url)
  await using other = fencepost(own.url)
  const lock = await holding.lock('notified')
  const next = other.lock('notified')
  // A key that is no bigint, which a statement about it would fail for.
  const notify = `select pg_notify('fencepost:' || session, '9999999999999999999:1') from fencepost.waiters`
  await eventually(async () => (await own.admin.query(notify)).rowCount === 1)
  // What a session did is counted a second later at the most.
  await pause(3000)
  const { rows } = await own.admin.query(
    'select xact_rollback::integer as failed from pg_stat_database where datname = current_database()',
  )
  expect(rows[0].failed).toBeLessThan(20)
  await lock.release()
  await (await next).release()
})
