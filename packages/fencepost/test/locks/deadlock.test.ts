import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { findRing, type NestedWait } from '../../src/line/find-ring.ts'
import { cloneDatabase } from '../support/database.ts'
import { deferred } from '../support/deferred.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'

const database = await cloneDatabase()
afterAll(() => database[Symbol.asyncDispose]())
const tickets = async () => (await database.admin.query('select from fencepost.waiters')).rowCount

test('FAULTS 14: two processes that wait for each other: one is told, lets go of what its calls held, and the other goes on', async () => {
  await using one = await Remote.start(database.url, { application: 'one' })
  await using other = await Remote.start(database.url, { application: 'other' })
  const [first, second] = [one.call<string>('nest', ['a', 'b'], 'meet'), other.call<string>('nest', ['b', 'a'], 'meet')]
  const ends = await Promise.allSettled([first, second])
  const victims = ends.filter((end) => end.status === 'rejected')
  expect(victims).toHaveLength(1)
  expect(victims[0]?.reason).toMatchObject({ code: 'DEADLOCK' })
  expect(String(victims[0]?.reason)).toMatch(/(one|other) on .+ \(pid \d+\) waits for "[ab]", whose holder/)
  expect(await tickets()).toBe(0)
})

test('a ring of three, one of them a writer that waits before a reader, has one victim', async () => {
  await using fp = fencepost(database.url)
  await using other = fencepost(database.url)
  await using third = fencepost(database.url)
  const [held, stands] = [deferred(), deferred()]
  let holders = 0
  const hold = () => ++holders === 2 && held.resolve()
  const reader = fp.lock('x', { shared: true }, async () => {
    hold()
    await stands.promise
    await fp.lock('y', async () => {})
  })
  const behind = other.lock('y', async () => {
    hold()
    await stands.promise
    await other.lock('x', { shared: true }, async () => {})
  })
  await held.promise
  // It waits for the reader, which is to wait for the one that will wait behind it.
  const writer = third.lock('x', async () => {})
  await eventually(async () => (await tickets()) === 1)
  stands.resolve()
  const ends = await Promise.allSettled([reader, behind])
  expect(ends.filter((end) => end.status === 'rejected')).toHaveLength(1)
  await writer
  await eventually(async () => (await tickets()) === 0)
})

test('whoever waits long in a callback, but for nobody who waits for it, is left alone', async () => {
  await using fp = fencepost(database.url)
  await using other = fencepost(database.url)
  const held = await other.lock('long')
  const waits = fp.lock('outer', async () => await fp.lock('long', async (lock) => lock.token))
  // Several looks for deadlocks have passed by then.
  const { rows } = await database.admin.query<{ now: Date }>('select clock_timestamp() as now')
  await eventually(async () => {
    const later = await database.admin.query<{ now: Date }>('select clock_timestamp() as now')
    return Number(later.rows[0]?.now) - Number(rows[0]?.now) > 3000
  })
  await held.release()
  expect(await waits).toBeGreaterThan(held.token)
})

test('a callback that waits for itself through another instance is found out', async () => {
  await using fp = fencepost(database.url)
  await using other = fencepost(database.url)
  const ended = fp.lock('self', async () => await other.lock('self', async () => {}))
  await expect(ended).rejects.toMatchObject({ code: 'DEADLOCK', ring: [{ name: 'self' }] })
})

test('a ring is found through holders and through places in the line, and only where it closes', () => {
  expect(ringOf([wait(1, 'a', [10], [20]), wait(2, 'b', [20], [10])], 2)).toEqual([2, 1])
  expect(ringOf([wait(1, 'a', [10], [20]), wait(2, 'b', [20], [30])], 2)).toBeUndefined()
  const three = [wait(1, 'a', [10], [20]), wait(2, 'b', [20, 21], [30]), wait(3, 'c', [30, 31], [10])]
  expect(ringOf(three, 1)).toEqual([1, 2, 3])
  expect(ringOf([wait(1, 'a', [10], []), wait(2, 'b', [20], [30]), wait(3, 'a', [30], [])], 2)).toBeUndefined()
  expect(ringOf([wait(1, 'a', [10], [20]), wait(2, 'a', [20], [])], 2)).toEqual([2, 1])
  expect(ringOf([wait(1, 'a', [10], [10])], 1)).toEqual([1])
  expect(ringOf([], 1)).toBeUndefined()
})

function ringOf(waits: NestedWait[], ticket: number): number[] | undefined {
  return findRing(waits, ticket)?.map((one) => one.ticket)
}

function wait(ticket: number, key: string, scopes: number[], heldBy: number[]): NestedWait {
  return { ticket, key, name: key, scopes, held_by: heldBy, application: 'a', host: 'h', process: 1 }
}
