import { fencepost, survey, type WaitGraph, type WaitNode } from 'fencepost'
import pg from 'pg'
import { afterAll, afterEach, expect, test } from 'vitest'
import { cloneDatabase, emptyDatabase } from '../support/database.ts'
import { deferred } from '../support/deferred.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'
import { untilInLine } from '../support/waiters.ts'

const database = await cloneDatabase()
await database.admin.query(
  'create table ledger (id integer primary key, n integer); insert into ledger values (1, 1), (2, 2)',
)
const view = survey(database.url)
const clients: pg.Client[] = []
afterEach(async () => {
  await database.admin.query(`
    select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'client %'`)
  await Promise.all(clients.splice(0).map((client) => client.end().catch(() => {})))
})
afterAll(async () => {
  await view.close()
  await database[Symbol.asyncDispose]()
})

test('nobody waits: nothing to draw', async () => {
  expect(await view.waits()).toMatchObject({ nodes: [], roots: [], rings: [] })
})

test('P10 rows, tables and advisory locks are one picture, with the one on top who blocks all', async () => {
  const [root, writer, alter, late, key] = await open('root', 'writer', 'alter', 'late', 'key')
  await root.query('begin; update ledger set n = 0 where id = 1; select pg_advisory_xact_lock(72707369)')
  send(writer, 'update ledger set n = 1 where id = 1')
  await untilWaiting(1)
  send(alter, 'alter table ledger add column later integer')
  await untilWaiting(2)
  send(late, 'select from ledger')
  send(key, 'select pg_advisory_lock(72707369)')
  const graph = await untilWaiting(4)
  expect(graph.roots).toEqual([byName(graph, 'root').id])
  expect(byName(graph, 'root')).toMatchObject({ blocks: 4, waitsFor: null, blockedBy: [] })
  expect(byName(graph, 'root').holds).toContain('Prisma Migrate (advisory key 72707369)')
  expect(byName(graph, 'writer')).toMatchObject({
    waitsFor: 'a row of public.ledger',
    blockedBy: [byName(graph, 'root').id],
  })
  expect(byName(graph, 'alter')).toMatchObject({ waitsFor: 'table public.ledger', mode: 'AccessExclusiveLock' })
  // In front of it in the queue, where nothing is held yet.
  expect(byName(graph, 'late').blockedBy).toEqual([byName(graph, 'alter').id])
  expect(byName(graph, 'alter').holds).toEqual([])
  expect(byName(graph, 'key').doing?.query).toContain('pg_advisory_lock')
  expect(graph.rings).toEqual([])
})

test('our own waiters, who wait idle, are in it by their places, and those who wait in the server behind them', async () => {
  await using holder = await Remote.start(database.url, { application: 'payouts' })
  await using waiter = await Remote.start(database.url, { application: 'web' })
  await holder.call('lock', 'account:1')
  for (const count of [1, 2]) {
    void waiter.call('lock', 'account:1').catch(() => {})
    await untilInLine(database.admin, 'account:1', count)
  }
  const [plain] = await open('plain')
  send(plain, `select pg_advisory_lock(fencepost.key('account:1'))`)
  const graph = await untilNodes(4)
  const root = byName(graph, 'payouts')
  expect(graph.roots).toEqual([root.id])
  expect(root).toMatchObject({ process: holder.pid, holds: ['lock "account:1"'], blocks: 3 })
  const tickets = graph.nodes.filter(({ id }) => id.startsWith('ticket:'))
  const of = { application: 'web', process: waiter.pid, waitsFor: 'lock "account:1"', mode: 'exclusive' }
  expect(tickets).toMatchObject([
    { ...of, position: 1, blockedBy: [root.id] },
    { ...of, position: 2, blockedBy: [root.id] },
  ])
  // The lane that watches the lock, nearly all the time, is the first ticket, and nobody of its own.
  for (let look = 0; look < 20; look++) {
    const { nodes } = await view.waits()
    expect(nodes.filter(({ id, application }) => id.startsWith('backend:') && application === 'web')).toEqual([])
  }
  expect(byName(graph, 'plain')).toMatchObject({ waitsFor: 'lock "account:1"' })
  expect(byName(graph, 'plain').blockedBy).toContain(root.id)
})

test('who waits inside a callback blocks those who wait for what the callback holds', async () => {
  await using fp = fencepost(database.url, { application: 'nested' })
  await using other = fencepost(database.url, { application: 'outer' })
  await using last = fencepost(database.url, { application: 'last' })
  const inner = await other.lock('inner')
  const done = fp.lock('outer', async () => await fp.lock('inner', async () => {}))
  await untilInLine(database.admin, 'inner', 1)
  await eventually(
    async () => (await database.admin.query(`select from fencepost.holders where name = 'outer'`)).rowCount,
  )
  const waiting = last.lock('outer')
  await untilInLine(database.admin, 'outer', 1)
  const graph = await untilNodes(3)
  expect(graph.roots).toEqual([byName(graph, 'outer').id])
  expect(byName(graph, 'nested')).toMatchObject({ waitsFor: 'lock "inner"', blockedBy: [byName(graph, 'outer').id] })
  expect(byName(graph, 'last')).toMatchObject({ waitsFor: 'lock "outer"', blockedBy: [byName(graph, 'nested').id] })
  expect(byName(graph, 'outer').blocks).toBe(2)
  await inner.release()
  await done
  await (await waiting).release()
})

test('a holder by a handle whose process waits elsewhere is said to: it may never let go', async () => {
  await using fp = fencepost(database.url, { application: 'handle' })
  await using other = fencepost(database.url, { application: 'other' })
  const [a, b] = [await fp.lock('a'), await other.lock('b')]
  const [wantsB, wantsA] = [fp.lock('b'), other.lock('a')]
  await untilInLine(database.admin, 'a', 1)
  await untilInLine(database.admin, 'b', 1)
  const graph = await untilNodes(4)
  expect(graph.rings).toEqual([])
  const roots = graph.nodes.filter(({ id }) => graph.roots.includes(id))
  expect(Object.fromEntries(roots.map(({ application, alsoWaitsFor }) => [application, alsoWaitsFor]))).toEqual({
    handle: ['lock "b"'],
    other: ['lock "a"'],
  })
  await Promise.all([a.release(), b.release()])
  for (const lock of await Promise.all([wantsA, wantsB])) await lock.release()
})

test('a guarded transaction in flight blocks who is to be granted the lock next', async () => {
  await using fp = fencepost(database.url, { application: 'zombie' })
  await using next = fencepost(database.url, { application: 'next' })
  const lock = await fp.lock('guarded')
  const [writer] = await open('writer')
  await writer.query('begin; update ledger set n = 5 where id = 2')
  await lock.guard(writer)
  const letGo = lock.release()
  const granting = next.lock('guarded')
  const graph = await eventually(async () => {
    const seen = await view.waits()
    return seen.nodes.some(({ holds }) => holds.includes('guarded transactions of "guarded"')) && seen
  })
  expect(graph.roots).toEqual([byName(graph, 'writer').id])
  expect(byName(graph, 'writer').holds).toEqual(['guarded transactions of "guarded"'])
  await letGo
  await writer.query('commit')
  await (await granting).release()
})

test('a ring that nobody has found yet is told, each member waiting for the next', async () => {
  const [one, two, behind] = await open('one', 'two', 'behind')
  for (const client of [one, two, behind]) await client.query(`set deadlock_timeout = '1h'; begin`)
  await one.query('update ledger set n = 1 where id = 1')
  await two.query('update ledger set n = 1 where id = 2')
  send(one, 'update ledger set n = 1 where id = 2')
  await untilWaiting(1)
  send(two, 'update ledger set n = 1 where id = 1')
  await untilWaiting(2)
  send(behind, 'update ledger set n = 1 where id = 1')
  const graph = await untilWaiting(3)
  expect(graph.roots).toEqual([])
  expect(graph.rings.map((ring) => ring.toSorted())).toEqual([
    [byName(graph, 'one').id, byName(graph, 'two').id].toSorted(),
  ])
  for (const ring of graph.rings) {
    ring.forEach((id, i) => {
      const node = graph.nodes.find((each) => each.id === id)
      expect(node?.blockedBy).toContain(ring[(i + 1) % ring.length])
    })
  }
})

test('a prepared transaction, which has no backend, can be the one who blocks', async () => {
  const [writer, waiter] = await open('preparer', 'waiter')
  await writer.query(`begin; update ledger set n = 3 where id = 1; prepare transaction 'forgotten'`)
  send(waiter, 'update ledger set n = 4 where id = 1')
  const graph = await untilWaiting(1)
  expect(graph.roots).toEqual(['prepared'])
  expect(graph.nodes.find(({ id }) => id === 'prepared')?.application).toBe('prepared transaction forgotten')
  await database.admin.query(`rollback prepared 'forgotten'`)
})

test('a database without our schema has a picture too', async () => {
  await using strange = await emptyDatabase()
  const [holder, waiter] = [new pg.Client(strange.url), new pg.Client(strange.url)]
  for (const client of [holder, waiter]) {
    client.on('error', () => {})
    await client.connect()
  }
  await holder.query('select pg_advisory_lock(5)')
  const ended = deferred()
  void waiter.query('select pg_advisory_lock(5)').finally(() => ended.resolve())
  await using other = survey(strange.url)
  const graph = await eventually(async () => {
    const seen = await other.waits()
    return seen.nodes.length === 2 && seen
  })
  expect(graph).toMatchObject({ isNamed: false, roots: [expect.stringContaining('backend:')], rings: [] })
  expect(graph.nodes.map(({ holds, waitsFor }) => [holds, waitsFor])).toContainEqual([['advisory key 5'], null])
  await holder.query('select pg_advisory_unlock(5)')
  await ended.promise
  await Promise.all([holder.end(), waiter.end()])
})

type Clients<Names extends readonly string[]> = { [I in keyof Names]: pg.Client }

async function open<const Names extends readonly string[]>(...names: Names): Promise<Clients<Names>> {
  const opened = names.map(
    (name) => new pg.Client({ connectionString: database.url, application_name: `client ${name}` }),
  )
  for (const client of opened) {
    client.on('error', () => {})
    await client.connect()
    clients.push(client)
  }
  return opened as Clients<Names>
}

function send(client: pg.Client, text: string): void {
  client.query(text).catch(() => {})
}

async function untilWaiting(count: number): Promise<WaitGraph> {
  return await eventually(async () => {
    const graph = await view.waits()
    return graph.nodes.filter(({ waitsFor }) => waitsFor !== null).length === count && graph
  })
}

async function untilNodes(count: number): Promise<WaitGraph> {
  return await eventually(async () => {
    const graph = await view.waits()
    return graph.nodes.length === count && graph
  })
}

function byName({ nodes }: WaitGraph, name: string): WaitNode {
  const found = nodes.find(({ application }) => application === name || application === `client ${name}`)
  if (found === undefined) throw new Error(`nobody of this name: ${name} in ${JSON.stringify(nodes)}`)
  return found
}
