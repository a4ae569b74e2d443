import { hostname } from 'node:os'
import { fencepost } from 'fencepost'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { deferred } from '../support/deferred.ts'
import { eventually } from '../support/eventually.ts'
import { untilInLine } from '../support/waiters.ts'
import { Tab } from './tab.ts'

const database = await cloneDatabase()
const fp = fencepost(database.url)
const { locks } = fp
const here = `${hostname()}:${process.pid}`
afterAll(async () => {
  await fp.close()
  await database[Symbol.asyncDispose]()
})

const infos = (list: readonly { name: string; mode: string; clientId: string }[]) =>
  list.map(({ name, mode, clientId }) => [name, mode, clientId === here ? 'here' : 'there'])

const sorted = (list: string[][]) => list.toSorted((a, b) => (a.join() < b.join() ? -1 : 1))

test('W25, W26: nothing is held and nothing pending: two empty lists', async () => {
  expect(await locks.query()).toEqual({ held: [], pending: [] })
})

test('W25, W26: what this process has asked for is in the answer at once, held or pending, with name, mode and client', async () => {
  const end = deferred()
  const requests = [
    locks.request('a', () => end.promise),
    locks.request('a', { mode: 'shared' }, () => {}),
    locks.request('b', { mode: 'shared' }, () => end.promise),
    locks.request('a', () => {}),
  ]
  const { held, pending } = await locks.query()
  expect(infos(held)).toEqual([
    ['a', 'exclusive', 'here'],
    ['b', 'shared', 'here'],
  ])
  expect(infos(pending)).toEqual([
    ['a', 'shared', 'here'],
    ['a', 'exclusive', 'here'],
  ])
  end.resolve()
  await Promise.all(requests)
})

test('W26: a name that is shared is in the answer once for each who holds it', async () => {
  await using tab = await Tab.open(database.url)
  const other = await tab.ask('shared', { mode: 'shared' })
  await other.called()
  await locks.request('shared', { mode: 'shared' }, () =>
    locks.request('shared', { mode: 'shared' }, async () => {
      const held = infos((await locks.query()).held)
      expect(sorted(held)).toEqual([
        ['shared', 'shared', 'here'],
        ['shared', 'shared', 'here'],
        ['shared', 'shared', 'there'],
      ])
      await eventually(async () => (await locks.query()).held.every(({ since }) => since !== null))
      expect(sorted(infos((await locks.query()).held))).toEqual(sorted(held))
    }),
  )
})

test('W25: pending requests are in the order in which they were made, over all names and processes', async () => {
  await using tab = await Tab.open(database.url)
  const end = deferred()
  const holders = ['x', 'y'].map((name) => locks.request(name, () => end.promise))
  const asked: Promise<unknown>[] = []
  for (const [i, name] of ['y', 'x', 'x', 'y'].entries()) {
    if (i % 2 === 0) asked.push(locks.request(name, () => {}))
    else await tab.ask(name)
    await eventually(async () => (await locks.query()).pending.length === i + 1)
  }
  const { pending } = await locks.query()
  expect(infos(pending)).toEqual([
    ['y', 'exclusive', 'here'],
    ['x', 'exclusive', 'there'],
    ['x', 'exclusive', 'here'],
    ['y', 'exclusive', 'there'],
  ])
  expect(infos((await tab.query()).pending)).toEqual(infos(pending))
  end.resolve()
  await tab.remote.kill()
  await Promise.all([...holders, ...asked])
})

test('W26: held locks are in the order of their grants, the young ones by name as far as this process holds them', async () => {
  await locks.request('third', () =>
    locks.request('first', async () => {
      await locks.request('second', async () => {
        expect(infos((await locks.query()).held).map(([name]) => name)).toEqual(['third', 'first', 'second'])
        await eventually(async () => (await locks.query()).held.every(({ since }) => since !== null))
        expect(infos((await locks.query()).held).map(([name]) => name)).toEqual(['third', 'first', 'second'])
      })
    }),
  )
})

test('W25, W26: a request that was given up, and a lock that was let go of, are gone from the answer', async () => {
  const [end, abort] = [deferred(), new AbortController()]
  const holder = locks.request('gone', () => end.promise)
  const waiting = expect(locks.request('gone', { signal: abort.signal }, () => {})).rejects.toMatchObject({
    name: 'AbortError',
  })
  await untilInLine(database.admin, 'gone', 1)
  abort.abort()
  await waiting
  await eventually(async () => (await locks.query()).pending.length === 0)
  end.resolve()
  await holder
  expect(await locks.query()).toEqual({ held: [], pending: [] })
})

test('every name is a string; one of another program is reserved, and has no namespace', async () => {
  const other = new pg.Client({ connectionString: database.url })
  await other.connect()
  await other.query('select pg_advisory_lock(72707369)')
  const [lock] = (await locks.query()).held
  expect(lock).toMatchObject({ name: '-72707369', namespace: null, means: 'Prisma Migrate' })
  await expect(locks.request('-72707369', () => {})).rejects.toMatchObject({ name: 'NotSupportedError' })
  await other.end()
})
