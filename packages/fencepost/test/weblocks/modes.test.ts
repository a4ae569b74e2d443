import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { deferred } from '../support/deferred.ts'
import { untilInLine } from '../support/waiters.ts'
import { Tab } from './tab.ts'

const database = await cloneDatabase()
const fp = fencepost(database.url)
const { locks } = fp
afterAll(async () => {
  await fp.close()
  await database[Symbol.asyncDispose]()
})

test('W4, W6: exclusive requests of one process are granted one at a time, in the order in which they were made', async () => {
  const order: number[] = []
  let held = 0
  const turn = (number: number) =>
    locks.request('a', async () => {
      expect(++held).toBe(1)
      order.push(number)
      await new Promise((resolve) => setImmediate(resolve))
      held--
    })
  await Promise.all(Array.from({ length: 50 }, (_, number) => turn(number)))
  expect(order).toEqual(Array.from({ length: 50 }, (_, number) => number))
})

test('W5: shared requests are granted together, in one process, inside of each other, and in two processes', async () => {
  await using tab = await Tab.open(database.url)
  const value = await locks.request('b', { mode: 'shared' }, () =>
    locks.request('b', { mode: 'shared' }, async (lock) => {
      const third = await tab.ask('b', { mode: 'shared' })
      expect(await third.called()).toMatchObject({ mode: 'shared', token: lock.token })
      await third.release()
      return lock.mode
    }),
  )
  expect(value).toBe('shared')
})

test('W4: an exclusive request waits for all shared ones', async () => {
  await using tab = await Tab.open(database.url)
  const [first, second] = [await tab.ask('c', { mode: 'shared' }), await tab.ask('c', { mode: 'shared' })]
  await Promise.all([first.called(), second.called()])
  let isGranted = false
  const writer = locks.request('c', () => void (isGranted = true))
  await untilInLine(database.admin, 'c', 1)
  await first.release()
  await first.outcome()
  expect(await locks.request('c', { ifAvailable: true }, (lock) => lock)).toBeNull()
  expect(isGranted).toBe(false)
  await second.release()
  await writer
})

test('W6, W21: a shared request behind an exclusive one waits for it, though others share the lock; all in order over two processes', async () => {
  await using tab = await Tab.open(database.url)
  const order: string[] = []
  const end = deferred()
  const reader = locks.request('d', { mode: 'shared' }, () => end.promise)
  const writer = await tab.ask('d')
  await untilInLine(database.admin, 'd', 1)
  const late = [1, 2].map(async (number) =>
    locks.request('d', { mode: 'shared' }, async () => void order.push(`reader ${number}`)),
  )
  await untilInLine(database.admin, 'd', 3)
  const last = await tab.ask('d')
  await untilInLine(database.admin, 'd', 4)
  expect(await locks.request('d', { mode: 'shared', ifAvailable: true }, (lock) => lock)).toBeNull()
  expect(order).toEqual([])
  end.resolve()
  await reader
  await writer.called()
  expect(order).toEqual([])
  await writer.release()
  await Promise.all(late)
  expect(order.toSorted()).toEqual(['reader 1', 'reader 2'])
  expect(await last.called()).toMatchObject({ mode: 'exclusive' })
  await last.release()
})

test('W6: requests of three processes are granted in the order in which they were made', async () => {
  await using first = await Tab.open(database.url)
  await using second = await Tab.open(database.url)
  await using third = await Tab.open(database.url)
  const end = deferred()
  const holder = locks.request('e', () => end.promise)
  const requests = []
  for (let round = 0; round < 2; round++)
    for (const tab of [first, second, third]) {
      requests.push(await tab.ask('e'))
      await untilInLine(database.admin, 'e', requests.length)
    }
  end.resolve()
  await holder
  const tokens: number[] = []
  for (const request of requests) {
    tokens.push((await request.called())?.token ?? 0)
    await request.release()
    await request.outcome()
  }
  expect(tokens).toEqual(tokens.toSorted((a, b) => a - b))
})

test('W18: ifAvailable: granted if it is free, null if it is held or waited for, here and elsewhere, and never in the line', async () => {
  await using tab = await Tab.open(database.url)
  const available = (mode: 'exclusive' | 'shared' = 'exclusive') =>
    locks.request('f', { ifAvailable: true, mode }, (lock) => lock?.mode ?? null)
  expect(await available()).toBe('exclusive')
  const reader = await tab.ask('f', { mode: 'shared' })
  await reader.called()
  expect(await available()).toBeNull()
  expect(await available('shared')).toBe('shared')
  const writer = await tab.ask('f')
  await untilInLine(database.admin, 'f', 1)
  expect(await available('shared')).toBeNull()
  expect((await locks.query()).pending).toHaveLength(1)
  await reader.release()
  await writer.called()
  expect(await available('shared')).toBeNull()
  await writer.release()
  await writer.outcome()
  expect(await available()).toBe('exclusive')
})

test('W18: ifAvailable: of two at once one is granted and the other gets null, as does one behind a request made just before', async () => {
  const [one, other] = [deferred(), deferred()]
  const granted = locks.request('g', { ifAvailable: true }, (lock) => (one.resolve(), lock && other.promise))
  const refused = await locks.request('g', { ifAvailable: true }, (lock) => lock)
  await one.promise
  other.resolve()
  await granted
  expect(refused).toBeNull()
  const before = locks.request('g', () => 'before')
  expect(await locks.request('g', { ifAvailable: true }, (lock) => lock)).toBeNull()
  expect(await before).toBe('before')
})
