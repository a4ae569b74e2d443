import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { holdingProxy } from '../support/holding-proxy.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'
import { ticketsOf, untilInLine, untilWatching } from '../support/waiters.ts'

const database = await cloneDatabase()
const { admin } = database
afterAll(() => database[Symbol.asyncDispose]())

test('P6: waiters of three processes are granted in the order in which they lined up', async () => {
  await using holder = fencepost(database.url)
  const remotes = await Promise.all([1, 2, 3].map(() => Remote.start(database.url, { application: 'turns' })))
  const lock = await holder.lock('a')
  const turns: Promise<number>[] = []
  for (let round = 0; round < 3; round++) {
    for (const remote of remotes) {
      turns.push(remote.call<number>('turn', 'a'))
      await untilInLine(admin, 'a', turns.length)
    }
  }
  // Only the first of the line watches the lock.
  await untilWatching(admin, 'turns', 1)
  await lock.release()
  const tokens = await Promise.all(turns)
  expect(tokens).toEqual(tokens.toSorted((one, other) => one - other))
  await Promise.all(remotes.map((remote) => remote.kill()))
})

test('P6: whoever gives up, at the head, in the middle or at the end, leaves the others in their order', async () => {
  await using holder = fencepost(database.url)
  const fps = Array.from({ length: 3 }, () => fencepost(database.url))
  const lock = await holder.lock('b')
  const waits = await Promise.all(
    Array.from({ length: 9 }, async (_, i) => {
      const abort = new AbortController()
      return { abort, fp: fps[i % 3] as (typeof fps)[number] }
    }),
  )
  const order: number[] = []
  const served: Promise<unknown>[] = []
  for (const [i, { abort, fp }] of waits.entries()) {
    const turn = async () => {
      await using _ = await fp.lock('b', { signal: abort.signal })
      order.push(i)
    }
    served.push(turn().catch((reason: unknown) => reason))
    await untilInLine(admin, 'b', i + 1)
  }
  for (const i of [0, 4, 5, 8]) waits[i]?.abort.abort(i)
  await untilInLine(admin, 'b', 5)
  await lock.release()
  const results = await Promise.all(served)
  expect(order).toEqual([1, 2, 3, 6, 7])
  expect([0, 4, 5, 8].map((i) => results[i])).toEqual([0, 4, 5, 8])
  await Promise.all(fps.map((fp) => fp.close()))
})

test('P7: a name is free for a try as soon as the last that waited for it has let go of it', async () => {
  await using fp = fencepost(database.url)
  await using other = fencepost(database.url)
  await (await other.tryLock('k'))?.release()
  for (let round = 0; round < 50; round++) {
    const lock = await fp.lock('k')
    const next = fp.lock('k')
    await untilInLine(admin, 'k', 1)
    await lock.release()
    await (await next).release()
    await using tried = await other.tryLock('k')
    expect(tried?.name, `round ${round}`).toBe('k')
  }
})

test('a try is refused while somebody waits, also in the moment between a release and the next grant', async () => {
  await using holder = fencepost(database.url)
  await using waiter = fencepost(database.url)
  await using other = fencepost(database.url)
  const client = await admin.connect()
  const attempts = [
    () => other.tryLock('c'),
    () => other.tryLock('c', { shared: true }),
    async () => (await client.query(`select fencepost.try_lock('c') as token`)).rows[0]?.token,
  ]
  for (let round = 0; round < 60; round++) {
    const lock = await holder.lock('c')
    // Nobody is left of the round before.
    await untilInLine(admin, 'c', 0)
    const next = waiter.lock('c')
    await untilInLine(admin, 'c', 1)
    const released = lock.release()
    const first = round % 3
    for (const attempt of [...attempts.slice(first), ...attempts.slice(0, first)]) expect(await attempt()).toBeNull()
    await released
    await (await next).release()
  }
  client.release()
  // The last that waited lets go of the line a moment after the lock.
  await using free = await eventually(() => other.tryLock('c'))
  expect(free.name).toBe('c')
})

test('a lock that is free is not taken from those who wait, though the first of them is frozen', async () => {
  await using holder = fencepost(database.url)
  await using head = fencepost(database.url)
  await using frozen = await Remote.start(database.url)
  const lock = await holder.lock('h')
  const first = head.lock('h')
  await untilInLine(admin, 'h', 1)
  const turn = frozen.call<number>('turn', 'h')
  await untilInLine(admin, 'h', 2)
  frozen.freeze()
  await lock.release()
  const passing = await first
  await passing.release()
  // Nobody watches it now.
  expect(await holder.who('h')).toEqual([])
  expect(await holder.tryLock('h')).toBeNull()
  expect(await holder.tryLock('h', { shared: true })).toBeNull()
  expect((await admin.query(`select fencepost.try_lock('h') as token`)).rows).toEqual([{ token: null }])
  frozen.thaw()
  expect(await turn).toBeGreaterThan(passing.token)
})

test('a waiter that is told before it has heard of its own ticket keeps its place', async () => {
  const proxy = await holdingProxy(database.url)
  await using holder = fencepost(database.url, { application: 'holder' })
  await using first = fencepost(database.url, { application: 'first' })
  await using second = fencepost(proxy.url, { application: 'second' })
  await using third = fencepost(database.url, { application: 'third' })
  const lock = await holder.lock('d')
  // It listens already, so that nothing but the ticket is held back.
  await expect(second.lock('d', { wait: '50ms' })).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' })
  await untilInLine(admin, 'd', 0)

  const head = first.lock('d')
  await untilInLine(admin, 'd', 1)
  proxy.holdFrom('line_up')
  const next = second.lock('d')
  await untilInLine(admin, 'd', 2)
  const [, ticket] = await ticketsOf(admin, 'd')
  await lock.release()
  const passing = await head
  // The ticket, and behind it the news that it is the next.
  await proxy.holds('fencepost:')
  proxy.pass()
  const last = third.lock('d')
  await untilWatching(admin, 'second')
  await untilInLine(admin, 'd', 2)
  expect(await ticketsOf(admin, 'd')).toContain(ticket)
  await passing.release()
  const granted = await next
  await granted.release()
  expect((await last).token).toBeGreaterThan(granted.token)
  await second.close()
  proxy.close()
})

test('while one name cannot be lined up for, other names of the process are waited for and granted', async () => {
  await using holder = fencepost(database.url)
  await using fp = fencepost(database.url)
  const client = await admin.connect()
  const [one, two] = [await holder.lock('e'), await holder.lock('f')]
  await client.query(`select pg_advisory_lock(fencepost.line(fencepost.gate('e')))`)
  const kept = fp.lock('e')
  const gone = expect(fp.lock('e', { wait: '50ms' })).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' })
  const turn = fp.lock('f')
  await untilInLine(admin, 'f', 1)
  await two.release()
  await (await turn).release()
  await gone
  await client.query(`select pg_advisory_unlock(fencepost.line(fencepost.gate('e')))`)
  await untilInLine(admin, 'e', 1)
  await one.release()
  await (await kept).release()
  client.release()
})

test('a plain try_lock in an open transaction keeps nobody from lining up', async () => {
  await using fp = fencepost(database.url)
  const client = await admin.connect()
  await client.query('begin')
  expect((await client.query(`select fencepost.try_lock('g') as token`)).rows[0]?.token).not.toBeNull()
  const next = fp.lock('g')
  await untilInLine(admin, 'g', 1)
  await client.query('commit')
  await client.query(`select fencepost.unlock('g')`)
  await (await next).release()
  client.release()
})
