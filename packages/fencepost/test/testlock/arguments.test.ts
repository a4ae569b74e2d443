import { fencepost } from 'fencepost'
import { type RunnerHooks, testLock } from 'fencepost/testing'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'

const database = await cloneDatabase()
afterAll(() => database[Symbol.asyncDispose]())

/** A runner whose hooks are called by hand. */
function handRunner() {
  const acts: Record<string, () => Promise<void>> = {}
  const timeouts: unknown[] = []
  const hook = (name: string) => (act: () => Promise<void>, timeout?: unknown) => {
    acts[name] = act
    timeouts.push(timeout)
  }
  const hooks: RunnerHooks = { beforeAll: hook('beforeAll'), afterAll: hook('afterAll') }
  return { hooks, acts, timeouts }
}

test('arguments that cannot be right are TypeErrors, before anything is registered', async () => {
  const { hooks, acts } = handRunner()
  const bad: [unknown, object, RegExp][] = [
    ['', {}, /must not be empty/],
    [[], {}, /needs a name, or an array of some/],
    [5, {}, /needs a name, or an array of some/],
    ['a', { patience: '1s' }, /unknown option 'patience'/],
    ['a', { wait: 5 }, /wait must be a duration/],
    ['a', { every: '1ms' }, /every must be at least '100ms'/],
    ['a', { shared: 'yes' }, /shared must be true or false/],
  ]
  for (const [name, options, message] of bad) {
    expect(() => testLock(name as string, { ...options, hooks })).toThrow(TypeError)
    expect(() => testLock(name as string, { ...options, hooks })).toThrow(message)
    await expect(testLock.acquire(name as string, options)).rejects.toThrow(message)
  }
  expect(() => testLock('a', { hooks: {} })).toThrow('hooks must have beforeAll and afterAll, or before and after')
  await expect(testLock.acquire('a', { hooks } as object)).rejects.toThrow("unknown option 'hooks'")
  expect(acts).toEqual({})
})

test('without hooks vitest is told how to pass them', () => {
  expect(() => testLock('a')).toThrow("import * as hooks from 'vitest'; testLock(name, { hooks })")
})

test('the hook that waits may take as long as the wait', async () => {
  const { hooks, timeouts } = handRunner()
  testLock('a', { wait: '1h', hooks })
  testLock('a', { wait: '2147483647ms', hooks })
  expect(timeouts).toEqual([3_660_000, undefined, 2 ** 31 - 1, undefined])
})

test('a file that was not granted its lock holds nothing of it', async () => {
  const outside = fencepost(database.url, { namespace: 'testing' })
  await using held = await outside.lock('b')
  const { hooks, acts } = handRunner()
  testLock(['a', 'b', 'c'], { database: database.url, wait: '200ms', hooks })
  await expect(acts['beforeAll']?.()).rejects.toMatchObject({ code: 'LOCK_TIMEOUT', lockName: 'b' })
  await acts['afterAll']?.()
  expect(await outside.tryLock('a', () => true)).toBe(true)
  await held.release()
  await outside.close()
})

test('P5: testLock.acquire holds several, says when one is lost, and lets go of all', async () => {
  await using outside = fencepost(database.url, { namespace: 'testing', schema: 'other' })
  const options = { database: database.url, schema: 'other' }
  const lock = await testLock.acquire(['one', 'other', 'one'], options)
  expect(lock.names).toEqual(['one', 'other'])
  await lock.assertHeld()
  expect(await outside.tryLock('one')).toBeNull()
  await outside.evict('other')
  expect(lock.signal.reason).toMatchObject({ code: 'TEST_LOCK_LOST', lockName: 'other', cause: { code: 'EVICTED' } })
  await expect(lock.assertHeld()).rejects.toBe(lock.signal.reason)
  await lock.release()
  await lock.release()
  expect(await outside.tryLock('one', () => true)).toBe(true)
})
