import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'

// Each in the way code for browsers uses it; only `navigator` is ours.
const database = await cloneDatabase()
const fp = fencepost(database.url)
const navigator = { locks: fp.locks }
afterAll(async () => {
  await fp.close()
  await database[Symbol.asyncDispose]()
})

const acquire = (name: string) =>
  new Promise<{ release: () => void; done: Promise<unknown> }>((resolve) => {
    const done = navigator.locks.request(
      name,
      () => new Promise<void>((release) => queueMicrotask(() => resolve({ release, done }))),
    )
  })

const isHeld = async (name: string) => (await navigator.locks.query()).held.some((lock) => lock.name === name)

test('readers and writers', async () => {
  const shelf: string[] = []
  const read = () => navigator.locks.request('shelf', { mode: 'shared' }, async () => [...shelf])
  const write = (book: string) =>
    navigator.locks.request('shelf', { mode: 'exclusive' }, async () => {
      const before = [...shelf]
      await Promise.resolve()
      shelf.splice(0, shelf.length, ...before, book)
    })
  await Promise.all([write('one'), write('two'), read(), write('three')])
  expect(await read()).toEqual(['one', 'two', 'three'])
})

test('only if it is available', async () => {
  await navigator.locks.request('sync', async (lock) => {
    expect(lock.name).toBe('sync')
    const isSkipped = await navigator.locks.request('sync', { ifAvailable: true }, async (again) => {
      if (!again) return true
      return false
    })
    expect(isSkipped).toBe(true)
  })
})

test('a wait that is given up after a time', async () => {
  const controller = new AbortController()
  await navigator.locks.request('slow', async () => {
    setTimeout(() => controller.abort(), 20)
    try {
      await navigator.locks.request('slow', { signal: controller.signal }, async () => {})
      expect.unreachable()
    } catch (error) {
      if ((error as DOMException).name !== 'AbortError') throw error
    }
  })
})

test('a lock that is held until somebody resolves a promise', async () => {
  const { release, done } = await acquire('deferred')
  expect(await isHeld('deferred')).toBe(true)
  release()
  await done
  expect(await isHeld('deferred')).toBe(false)
})

test('several locks in a fixed order', async () => {
  const requestAll = async (names: string[], callback: () => Promise<string>): Promise<string> => {
    const [first, ...rest] = names.toSorted()
    if (first === undefined) return await callback()
    return await navigator.locks.request(first, () => requestAll(rest, callback))
  }
  const results = await Promise.all([
    requestAll(['b', 'a', 'c'], async () => 'one'),
    requestAll(['c', 'b'], async () => 'two'),
  ])
  expect(results).toEqual(['one', 'two'])
})

test('one leader, and the next when it is done', async () => {
  const terms: number[] = []
  const campaign = (candidate: number) =>
    navigator.locks.request('leader', async () => {
      terms.push(candidate)
      await Promise.resolve()
    })
  await Promise.all([1, 2, 3].map(campaign))
  expect(terms).toEqual([1, 2, 3])
})

test('a lock that is stolen from whoever has not let go of it', async () => {
  let steal: Promise<string> | undefined
  const stuck = navigator.locks.request('stuck', () => {
    steal = navigator.locks.request('stuck', { steal: true }, async () => 'recovered')
    return new Promise(() => {})
  })
  await expect(stuck).rejects.toMatchObject({ name: 'AbortError' })
  expect(await steal).toBe('recovered')
})
