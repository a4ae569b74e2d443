import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { fencepost, type Lock, type RefusedEvent, StaleTokenError } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'

const database = await cloneDatabase()
afterAll(() => database[Symbol.asyncDispose]())

test.each(['guard', 'transaction'] as const)(
  'a write that %s refuses is told once, with the token and the error the caller gets',
  async (call) => {
    await using fp = fencepost(database.url, { namespace: 'billing' })
    await using other = fencepost(database.url)
    const lock = await lostLock(fp.lock('a'))
    const heard: RefusedEvent[] = []
    const heardElsewhere: RefusedEvent[] = []
    const published: unknown[] = []
    const publish = (event: unknown) => published.push(event)
    subscribe('fencepost:refused', publish)
    using _here = fp.on('refused', (event) => heard.push(event))
    using _there = other.on('refused', (event) => heardElsewhere.push(event))
    const error = await write[call](lock).catch((refused: unknown) => refused)
    unsubscribe('fencepost:refused', publish)
    expect(error).toBeInstanceOf(StaleTokenError)
    expect(heard).toEqual([{ name: 'a', namespace: 'billing', mode: 'exclusive', token: lock.token, cause: error }])
    expect(published).toEqual(heard)
    expect(heardElsewhere).toEqual([])
  },
)

test('a subscription that is disposed of hears nothing more, another of the same listener goes on', async () => {
  await using fp = fencepost(database.url)
  const lock = await lostLock(fp.lock('b'))
  let heard = 0
  const listener = () => heard++
  const first = fp.on('refused', listener)
  using _second = fp.on('refused', listener)
  await expect(write.guard(lock)).rejects.toMatchObject({ code: 'STALE_TOKEN' })
  expect(heard).toBe(2)
  first[Symbol.dispose]()
  first[Symbol.dispose]()
  await expect(write.guard(lock)).rejects.toMatchObject({ code: 'STALE_TOKEN' })
  expect(heard).toBe(3)
})

test('an event that does not exist, and a listener that is none, are TypeErrors', async () => {
  await using fp = fencepost(database.url)
  expect(() => fp.on('refuse' as 'refused', () => {})).toThrow(
    new TypeError(`unknown event 'refuse'; there are waiting, acquired, released, lost, refused`),
  )
  expect(() => fp.on('toString' as 'refused', () => {})).toThrow(TypeError)
  expect(() => fp.on('refused', 'log' as unknown as () => void)).toThrow(
    new TypeError('a listener must be a function; got string'),
  )
})

const write = {
  guard: async (lock: Lock) => {
    const client = await database.admin.connect()
    try {
      await client.query('begin')
      await lock.guard(client)
    } finally {
      await client.query('rollback')
      client.release()
    }
  },
  transaction: (lock: Lock) => lock.transaction(async () => {}),
}

async function lostLock(granting: Promise<Lock>): Promise<Lock> {
  const lock = await granting
  await database.admin.query(
    `select pg_terminate_backend(backend, 5000) from fencepost.held_keys() where key = fencepost.key($1, 'billing') or key = fencepost.key($1)`,
    [lock.name],
  )
  await eventually(async () => lock.signal.aborted)
  return lock
}
