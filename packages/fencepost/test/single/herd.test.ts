import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { Remote } from '../support/remote.ts'
import { computedOf, createComputed } from './computed.ts'

const PROCESSES = 4
const CALLERS = 50

const database = await cloneDatabase()
const { admin } = database
await createComputed(admin)
afterAll(() => database[Symbol.asyncDispose]())

const never = () => {
  throw new Error('it must not be computed')
}

test('of 50 callers in each of 4 processes one computes, and all get its result; each other process waits once', async () => {
  const remotes = await Promise.all(Array.from({ length: PROCESSES }, () => Remote.start(database.url)))
  for (const [key, ttl] of [
    ['first', '0s'],
    ['second', '1m'],
    ['third', '0s'],
    ['fourth', '1m'],
  ] as const) {
    const asked = { callers: CALLERS, inLine: PROCESSES - 1 }
    const results = await Promise.all(
      remotes.map((remote) => remote.call<{ process: number; waiting: number }[]>('singleByMany', key, { ttl }, asked)),
    )
    const [one, ...others] = await computedOf(admin, key)
    expect(others).toEqual([])
    expect(results.flat()).toHaveLength(PROCESSES * CALLERS)
    expect(new Set(results.flat().map((result) => JSON.stringify(result)))).toEqual(
      new Set([JSON.stringify({ process: one, waiting: PROCESSES - 1 })]),
    )
  }
  await Promise.all(remotes.map((remote) => remote.kill()))
})

test('who fails is heard by all who waited, in its process by what it threw, and the next call computes', async () => {
  await using other = await Remote.start(database.url)
  await using last = await Remote.start(database.url)
  await using fp = fencepost(database.url)
  const failing = other.call('singleFails', 'fail', { inLine: 2 })
  const thrown = failing.catch((error: unknown) => error)
  while ((await computedOf(admin, 'fail')).length === 0) await new Promise((resolve) => setImmediate(resolve))
  const here = [fp.single('fail', never), fp.single('fail', { ttl: '1h' }, never)]
  const there = last.call('single', 'fail')
  const failed = {
    code: 'SINGLE_FAILED',
    message: expect.stringMatching(/computing "fail" failed in .* on .*: RangeError: too far$/),
  }
  await Promise.all([...here, there].map((one) => expect(one).rejects.toMatchObject(failed)))
  expect(await thrown).toMatchObject({ message: 'too far' })
  expect(await computedOf(admin, 'fail')).toEqual([other.pid])
  expect(await fp.single('fail', () => 'again')).toBe('again')

  const error = new RangeError('its own')
  const both = [1, 2].map(() => fp.single('here', () => Promise.reject(error)))
  await Promise.all(both.map((one) => expect(one).rejects.toBe(error)))
})
