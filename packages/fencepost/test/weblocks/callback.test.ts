import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { deferred } from '../support/deferred.ts'
import { eventually } from '../support/eventually.ts'
import { untilInLine } from '../support/waiters.ts'
import { Tab } from './tab.ts'

const database = await cloneDatabase()
const fp = fencepost(database.url)
const { locks } = fp
afterAll(async () => {
  await fp.close()
  await database[Symbol.asyncDispose]()
})

const isFree = async (name: string) => await locks.request(name, { ifAvailable: true }, (lock) => lock !== null)

test('W23: the callback is given the name and the mode, and our token, signal, guard and transaction besides', async () => {
  await locks.request('a', { mode: 'shared' }, async (lock) => {
    expect(lock).toMatchObject({ name: 'a', mode: 'shared', token: expect.any(Number) })
    expect(lock.signal.aborted).toBe(false)
    const { rows } = await lock.transaction((tx) => tx.query('select 1 as one'))
    expect(rows).toEqual([{ one: 1 }])
  })
})

test('W23: the callback is called with one argument, once, and for null as well', async () => {
  const calls: unknown[][] = []
  const callback = (...args: unknown[]) => calls.push(args)
  await locks.request('a', callback)
  await locks.request('a', () => locks.request('a', { ifAvailable: true }, callback))
  expect(calls).toEqual([[expect.objectContaining({ name: 'a' })], [null]])
})

test('W24: name and mode of a lock cannot be written, and can be read when it is let go of', async () => {
  const lock = await locks.request('a', { mode: 'shared' }, (given) => given)
  for (const attribute of ['name', 'mode'] as const) {
    expect(() => Object.assign(lock, { [attribute]: 'b' })).toThrow(TypeError)
    expect(Object.keys(lock)).not.toContain(attribute)
  }
  expect([lock.name, lock.mode]).toEqual(['a', 'shared'])
})

test('W15: the callback is not called before request() returns, neither for a lock that is free nor for null', async () => {
  let isReturned = false
  const first = locks.request('a', () => expect(isReturned).toBe(true))
  const second = locks.request('a', { ifAvailable: true }, () => expect(isReturned).toBe(true))
  isReturned = true
  await Promise.all([first, second])
})

test('W1: resolves with what the callback returned, or what that resolves with, or a thenable', async () => {
  expect(await locks.request('a', () => 1)).toBe(1)
  expect(await locks.request('a', async () => 2)).toBe(2)
  // oxlint-disable-next-line unicorn/no-thenable -- that is what is shown
  expect(await locks.request('a', () => ({ then: (resolve: (value: number) => void) => resolve(3) }))).toBe(3)
  expect(await locks.request('a', () => {})).toBeUndefined()
})

test('W1: rejects with what the callback threw, or rejected with, and lets go of the lock', async () => {
  const error = new Error('mine')
  const thrown = locks.request('a', () => {
    throw error
  })
  await expect(thrown).rejects.toBe(error)
  expect(await isFree('a')).toBe(true)
  await expect(locks.request('a', () => Promise.reject(error))).rejects.toBe(error)
  expect(await isFree('a')).toBe(true)
  const unavailable = locks.request('b', () =>
    locks.request('b', { ifAvailable: true }, () => {
      throw error
    }),
  )
  await expect(unavailable).rejects.toBe(error)
})

test('W1, W19: the lock is held until the promise of the callback settles, and free when that of the request does', async () => {
  await using tab = await Tab.open(database.url)
  const [called, end] = [deferred(), deferred()]
  const done = locks.request('a', async () => {
    called.resolve()
    await end.promise
  })
  await called.promise
  expect(await isFree('a')).toBe(false)
  expect(await (await tab.ask('a', { ifAvailable: true })).called()).toBeNull()
  end.resolve()
  await done
  expect(await isFree('a')).toBe(true)
  const after = await tab.ask('a', { ifAvailable: true })
  expect(await after.called()).toMatchObject({ name: 'a' })
  await after.release()
})

test('W2: a callback that is not async holds the lock while it runs', async () => {
  let isOver = false
  const first = locks.request('a', () => void (isOver = true))
  await locks.request('a', () => expect(isOver).toBe(true))
  await first
})

test('W6: a request in the callback for the same name is granted after it, if the callback does not wait for it', async () => {
  const order: string[] = []
  let inner: Promise<unknown> = Promise.resolve()
  await locks.request('a', async () => {
    inner = locks.request('a', () => order.push('inner'))
    await untilInLine(database.admin, 'a', 1)
    order.push('outer')
  })
  await inner
  expect(order).toEqual(['outer', 'inner'])
})

test('a request in the callback of fp.lock for the same name waits for its end as well', async () => {
  const order: string[] = []
  let inner: Promise<unknown> = Promise.resolve()
  await fp.lock('a', async () => {
    inner = locks.request('a', () => order.push('inner'))
    await untilInLine(database.admin, 'a', 1)
    order.push('outer')
  })
  await inner
  expect(order).toEqual(['outer', 'inner'])
})

test('W3: other names are granted meanwhile, here and elsewhere, also inside of each other', async () => {
  await using tab = await Tab.open(database.url)
  const value = await locks.request('a', () =>
    locks.request('b', async () => {
      const c = await tab.ask('c')
      expect(await c.called()).toMatchObject({ name: 'c' })
      await c.release('c')
      return (await c.outcome()).value
    }),
  )
  expect(value).toBe('c')
})

test('W7: a process that is killed lets go of what it holds, and of its place', async () => {
  await using holder = await Tab.open(database.url)
  await using waiter = await Tab.open(database.url)
  await (await holder.ask('a')).called()
  await waiter.ask('a')
  await untilInLine(database.admin, 'a', 1)
  const last = locks.request('a', () => 'last')
  await untilInLine(database.admin, 'a', 2)
  await waiter.remote.kill()
  await holder.remote.kill()
  expect(await last).toBe('last')
})

test('W7: of a process that is killed neither locks nor requests are told any more, and shared requests behind its exclusive one are granted', async () => {
  await using reader = await Tab.open(database.url)
  await using writer = await Tab.open(database.url)
  await (await reader.ask('a', { mode: 'shared' })).called()
  await writer.ask('a')
  await untilInLine(database.admin, 'a', 1)
  const late = locks.request('a', { mode: 'shared' }, () => 'late')
  await untilInLine(database.admin, 'a', 2)
  await writer.remote.kill()
  expect(await late).toBe('late')
  await reader.remote.kill()
  await eventually(async () => (await locks.query()).held.length === 0)
  expect(await locks.query()).toEqual({ held: [], pending: [] })
})

test('a lock that is lost rejects at once with an AbortError, which names the cause', async () => {
  await using mine = fencepost(database.url, { application: 'cut off' })
  const called = deferred()
  const end = deferred()
  let callback: Promise<void> | undefined
  const done = mine.locks.request('lost', async (lock) => {
    called.resolve()
    await end.promise
    callback = expect(lock.transaction((tx) => tx.query('select 1'))).rejects.toMatchObject({ code: 'STALE_TOKEN' })
    await callback
    throw new Error('nobody hears of it')
  })
  // From now on: it rejects before the statement below has been answered.
  const rejected: Promise<unknown> = done.catch((reason: unknown) => reason)
  await called.promise
  const terminate = `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'cut off fencepost'`
  await database.admin.query(terminate)
  const error = await rejected
  expect(error).toBeInstanceOf(DOMException)
  expect(error).toMatchObject({ name: 'AbortError', cause: { code: 'LOCK_LOST', lockName: 'lost' } })
  end.resolve()
  await eventually(async () => callback)
  await callback
})

test('an instance that is closed ends its requests, and takes no more', async () => {
  const closing = fencepost(database.url)
  const end = deferred()
  const held = locks.request('closing', () => end.promise)
  const waiting = expect(closing.locks.request('closing', () => {})).rejects.toMatchObject({ code: 'CLOSED' })
  await untilInLine(database.admin, 'closing', 1)
  await closing.close()
  await waiting
  await expect(closing.locks.request('closing', () => {})).rejects.toMatchObject({ code: 'CLOSED' })
  end.resolve()
  await held
})
