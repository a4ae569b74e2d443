import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { untilInLine } from '../support/waiters.ts'

const database = await cloneDatabase()
const { admin } = database
afterAll(() => database[Symbol.asyncDispose]())

test('P1: as many permits as said are granted, each with a number and a token of its own, and null says that none is free', async () => {
  await using fp = fencepost(database.url)
  await using other = fencepost(database.url)
  const held = [await fp.semaphore('a', 3).acquire(), await other.semaphore('a', 3).acquire(), await fp.semaphore('a', 3).tryAcquire()]
  expect(held.map((permit) => permit?.number).toSorted()).toEqual([1, 2, 3])
  expect(new Set(held.map((permit) => permit?.token)).size).toBe(3)
  expect(await fp.semaphore('a', 3).tryAcquire()).toBeNull()
  expect(await other.semaphore('a', 3).tryAcquire()).toBeNull()
  await held[1]?.release()
  await using again = await fp.semaphore('a', 3).tryAcquire()
  expect(again?.number).toBe(held[1]?.number)
  expect(again?.token).toBeGreaterThan(held[2]?.token ?? Infinity)
  for (const permit of held) await permit?.release()
})

test('P6: whoever waits is granted the next permit that is given back, in the order of the calls, wherever it was held', async () => {
  await using one = fencepost(database.url)
  await using two = fencepost(database.url)
  const held = [await one.semaphore('b', 2).acquire(), await two.semaphore('b', 2).acquire()]
  const order: number[] = []
  const waiting = []
  for (let n = 0; n < 6; n++) {
    waiting.push((n % 2 === 0 ? one : two).semaphore('b', 2).acquire().then((permit) => (order.push(n), permit)))
    await untilInLine(admin, 'b', n + 1)
  }
  await held[0]?.release()
  await (await waiting[0])?.release()
  await (await waiting[1])?.release()
  await held[1]?.release()
  for (const next of waiting) await (await next).release()
  expect(order).toEqual([0, 1, 2, 3, 4, 5])
  await untilInLine(admin, 'b', 0)
})
