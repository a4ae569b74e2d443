import { execFile } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Fencepost, fencepost, type LockEvents } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'

type Heard = { [E in keyof LockEvents]: [E, LockEvents[E]] }[keyof LockEvents]

const EVENTS = ['waiting', 'acquired', 'released', 'lost', 'refused'] as const
const database = await cloneDatabase()
afterAll(() => database[Symbol.asyncDispose]())

test('a lock that is taken and given back is told with its token and how long', async () => {
  await using fp = fencepost(database.url, { namespace: 'billing' })
  using heard = listen(fp)
  const lock = await fp.lock('a')
  const takenAt = performance.now()
  expect(await fp.who('a')).toMatchObject([{ token: lock.token }])
  const heldAtLeast = performance.now() - takenAt
  await lock.release()
  await lock.release()
  const shared = await fp.tryLock('a', { shared: true }, ({ token }) => token)
  const of = { name: 'a', namespace: 'billing', mode: 'exclusive', token: lock.token }
  const ofShared = { ...of, mode: 'shared', token: shared }
  expect(heard.events).toEqual([
    ['acquired', { ...of, waitedMs: expect.any(Number) }],
    ['released', { ...of, heldMs: expect.any(Number) }],
    ['acquired', { ...ofShared, waitedMs: expect.any(Number) }],
    ['released', { ...ofShared, heldMs: expect.any(Number) }],
  ])
  const [, { heldMs }] = heard.events[1] as Extract<Heard, ['released', unknown]>
  expect(heldMs).toBeGreaterThan(heldAtLeast - 1)
})

test('one that has to wait is told when it begins to and how long it took; a busy try is not', async () => {
  await using holder = fencepost(database.url)
  await using fp = fencepost(database.url)
  const held = await holder.lock('b')
  using heard = listen(fp)
  expect(await fp.tryLock('b')).toBe(null)
  expect(heard.events).toEqual([])
  const startedAt = performance.now()
  const granting = fp.lock('b')
  await eventually(async () => heard.events.length === 1)
  const waitedAtLeast = performance.now() - startedAt
  await held.release()
  const lock = await granting
  const of = { name: 'b', namespace: 'default', mode: 'exclusive' }
  expect(heard.events).toEqual([
    ['waiting', of],
    ['acquired', { ...of, token: lock.token, waitedMs: expect.any(Number) }],
  ])
  const [, { waitedMs }] = heard.events[1] as Extract<Heard, ['acquired', unknown]>
  expect(waitedMs).toBeGreaterThan(waitedAtLeast - 1)
  expect(waitedMs).toBeLessThan(performance.now() - startedAt + 1)
  await lock.release()
})

test('a wait that times out is told as begun and nothing more', async () => {
  await using holder = fencepost(database.url)
  await using fp = fencepost(database.url)
  await using _held = await holder.lock('c')
  using heard = listen(fp)
  await expect(fp.lock('c', { wait: '500ms' })).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' })
  expect(heard.events.map(([event]) => event)).toEqual(['waiting'])
})

test('a lock whose backend is terminated is told as lost, with the reason of its signal, and not as released', async () => {
  await using fp = fencepost(database.url)
  using heard = listen(fp)
  const lock = await fp.lock('d')
  const told = once(lock.signal, 'abort')
  await database.admin.query(`select pg_terminate_backend(backend, 5000) from fencepost.who('d')`)
  await told
  await lock.release()
  const of = { name: 'd', namespace: 'default', mode: 'exclusive', token: lock.token }
  expect(heard.events).toEqual([
    ['acquired', { ...of, waitedMs: expect.any(Number) }],
    ['lost', { ...of, heldMs: expect.any(Number), cause: lock.signal.reason }],
  ])
})

test('each instance tells its own listeners of its locks, and the channels of all', async () => {
  await using one = fencepost(database.url)
  await using two = fencepost(database.url)
  const published: string[] = []
  const publish = (event: unknown) => published.push((event as { name: string }).name)
  subscribe('fencepost:acquired', publish)
  using heard = listen(one)
  await one.lock('e', () => {})
  await two.lock('f', () => {})
  unsubscribe('fencepost:acquired', publish)
  expect(heard.events.map(([event, { name }]) => [event, name])).toEqual([
    ['acquired', 'e'],
    ['released', 'e'],
  ])
  expect(published).toEqual(['e', 'f'])
})

test('listeners and subscribers that throw break no lock: what they throw is uncaught, each by itself', async () => {
  const path = fileURLToPath(new URL('../fixtures/throwing-listeners.js', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [path, database.url])
  const { refused, again, uncaught } = JSON.parse(stdout) as { refused: string; again: string; uncaught: string[] }
  expect(refused).toBe('STALE_TOKEN')
  expect(again).toBe('granted again')
  for (const event of EVENTS) {
    const thrown = uncaught.filter((message) => message.endsWith(` ${event}`))
    expect(new Set(thrown)).toEqual(new Set([`channel ${event}`, `first ${event}`, `second ${event}`]))
  }
})

/** What an instance tells of its locks, in order, through its listeners; the channels say the same. */
function listen(fp: Fencepost): { readonly events: Heard[] } & Disposable {
  const events: Heard[] = []
  const published: unknown[] = []
  const subscriptions = EVENTS.map((event) => fp.on(event, (told) => events.push([event, told] as Heard)))
  const publish = (event: unknown) => published.push(event)
  for (const event of EVENTS) subscribe(`fencepost:${event}`, publish)
  return {
    events,
    [Symbol.dispose]() {
      for (const event of EVENTS) unsubscribe(`fencepost:${event}`, publish)
      for (const subscription of subscriptions) subscription[Symbol.dispose]()
      for (const [, told] of events) expect(published).toContain(told)
    },
  }
}
