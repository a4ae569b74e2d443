import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { deferred } from '../support/deferred.ts'
import { ticketsOf, untilInLine } from '../support/waiters.ts'
import { Tab } from './tab.ts'

const database = await cloneDatabase()
const fp = fencepost(database.url)
const { locks } = fp
afterAll(async () => {
  await fp.close()
  await database[Symbol.asyncDispose]()
})

const never = () => {
  throw new Error('the callback must not be called')
}

test('W14: a signal that is aborted already rejects with its reason, and nothing is asked for', async () => {
  await expect(locks.request('a', { signal: AbortSignal.abort() }, never)).rejects.toMatchObject({ name: 'AbortError' })
  await expect(locks.request('a', { signal: AbortSignal.abort('mine') }, never)).rejects.toBe('mine')
  await expect(locks.request('a', { signal: AbortSignal.abort(null) }, never)).rejects.toBeNull()
  expect((await locks.query()).held).toEqual([])
})

test.each([undefined, new Error('mine'), 'text'])(
  'W20: an abort while it waits rejects with the reason, leaves the line, and the next is granted in its turn: %s',
  async (reason) => {
    const [end, abort] = [deferred(), new AbortController()]
    const holder = locks.request('b', () => end.promise)
    const waiting = locks.request('b', { signal: abort.signal }, never)
    const next = locks.request('b', () => 'next')
    await untilInLine(database.admin, 'b', 2)
    abort.abort(reason)
    await expect(waiting).rejects.toBe(abort.signal.reason)
    if (reason === undefined) await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
    end.resolve()
    await holder
    expect(await next).toBe('next')
    expect(await ticketsOf(database.admin, 'b')).toEqual([])
  },
)

test('W22: an abort right after the call rejects, and the callback is not called', async () => {
  const abort = new AbortController()
  const asked = locks.request('c', { signal: abort.signal }, never)
  abort.abort()
  await expect(asked).rejects.toMatchObject({ name: 'AbortError' })
  expect(await locks.request('c', { ifAvailable: true }, (lock) => lock?.name)).toBe('c')
})

test('W20: a signal that times out gives up the wait with a TimeoutError', async () => {
  const end = deferred()
  const holder = locks.request('d', () => end.promise)
  await expect(locks.request('d', { signal: AbortSignal.timeout(50) }, never)).rejects.toMatchObject({
    name: 'TimeoutError',
  })
  end.resolve()
  await holder
})

test('W22: an abort after the grant, in the callback or after it, has no effect', async () => {
  const abort = new AbortController()
  const value = await locks.request('e', { signal: abort.signal }, async (lock) => {
    abort.abort()
    expect(lock.signal.aborted).toBe(false)
    expect(await locks.request('e', { ifAvailable: true }, (other) => other)).toBeNull()
    return 'done'
  })
  expect(value).toBe('done')
})

test('W22: an abort of one request leaves another with the same signal that was granted alone', async () => {
  const [abort, end] = [new AbortController(), deferred()]
  const granted = locks.request('f', { signal: abort.signal }, () => end.promise.then(() => 'done'))
  const waiting = locks.request('f', { signal: abort.signal }, never)
  await untilInLine(database.admin, 'f', 1)
  abort.abort()
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
  end.resolve()
  expect(await granted).toBe('done')
})

test('W20: an abort in another process leaves the line to those behind it', async () => {
  await using tab = await Tab.open(database.url)
  const end = deferred()
  const holder = locks.request('g', () => end.promise)
  const waiting = await tab.ask('g', { signal: true })
  await untilInLine(database.admin, 'g', 1)
  const next = locks.request('g', () => 'next')
  await untilInLine(database.admin, 'g', 2)
  await waiting.abort()
  expect(await waiting.outcome()).toMatchObject({ error: 'AbortError' })
  end.resolve()
  await holder
  expect(await next).toBe('next')
})

test('W20: an abort of an exclusive request lets the shared ones behind it in at once, beside those that share the lock already', async () => {
  const [end, abort] = [deferred(), new AbortController()]
  const reader = locks.request('h', { mode: 'shared' }, () => end.promise)
  const writer = expect(locks.request('h', { signal: abort.signal }, never)).rejects.toBe('enough')
  await untilInLine(database.admin, 'h', 1)
  const late = [1, 2].map((number) => locks.request('h', { mode: 'shared' }, () => number))
  await untilInLine(database.admin, 'h', 3)
  abort.abort('enough')
  await writer
  expect(await Promise.all(late)).toEqual([1, 2])
  end.resolve()
  await reader
})
