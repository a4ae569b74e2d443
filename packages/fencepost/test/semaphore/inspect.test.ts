import { hostname } from 'node:os'
import { fencepost, keyOf } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { untilInLine } from '../support/waiters.ts'

const database = await cloneDatabase()
const { admin } = database
afterAll(() => database[Symbol.asyncDispose]())

test('P10: who holds and who waits can be read by name, number, holder, age and token, from the library and in SQL', async () => {
  await using fp = fencepost(database.url, { application: 'holds' })
  await using other = fencepost(database.url, { application: 'waits' })
  const semaphore = fp.semaphore('seen', 2)
  const held = [await semaphore.acquire(), await semaphore.acquire()]
  const waiting = other.semaphore('seen', 2).acquire()
  await untilInLine(admin, 'seen', 1)
  const byAge = await eventually(async () => {
    const holders = await semaphore.who()
    return holders.every(({ acquiredAt }) => acquiredAt !== null) && holders
  })
  const about = { mode: 'exclusive', application: 'holds', host: hostname(), process: process.pid }
  expect(byAge).toMatchObject(held.map(({ number, token }) => ({ ...about, permit: number, token })))

  const locks = await fp.locks.query()
  const inOrder = held.map(({ name, number, token }) => ({ ...about, name, token, means: `permit ${number} of 2` }))
  expect(locks.held).toMatchObject(inOrder)
  expect(locks.pending).toMatchObject([{ name: 'seen', application: 'waits', position: 1, means: 'one of 2 permits' }])
  expect(locks.held.every(({ namespace }) => namespace === 'default/semaphore')).toBe(true)

  const text = `select state, name, means from fencepost.locks where namespace = 'default/semaphore' order by state, name`
  expect((await admin.query(text)).rows).toEqual([
    { state: 'held', name: 'seen#1', means: 'permit 1 of 2' },
    { state: 'held', name: 'seen#2', means: 'permit 2 of 2' },
    { state: 'waiting', name: 'seen', means: 'one of 2 permits' },
  ])
  const permits = `select number, token, waiting from fencepost.permits('seen') order by number`
  const inSql = held.map(({ number, token }) => ({ number, token: String(token), waiting: 1 }))
  expect((await admin.query(permits)).rows).toEqual(inSql.toSorted((one, two) => one.number - two.number))
  expect((await admin.query(`select number, waiting from fencepost.permits('nobody')`)).rows).toEqual([
    { number: null, waiting: 0 },
  ])

  for (const permit of held) await permit.release()
  await (await waiting).release()
  expect(await semaphore.who()).toEqual([])
})

test('P10: what a semaphore locks besides its permits does not show among the locks', async () => {
  await using fp = fencepost(database.url)
  await using permit = await fp.semaphore('inside', 3).acquire()
  const client = await admin.connect()
  // As somebody does who just tries, or looks whether anybody waits.
  await client.query(`
    select pg_advisory_lock_shared(fencepost.mutex(gate)), pg_advisory_lock(fencepost.line(gate))
    from fencepost.semaphores, fencepost.gate_of(key) as gate
    where name = 'inside'`)
  expect((await admin.query('select key, name from fencepost.locks')).rows).toMatchObject([
    { key: String(keyOf(permit.name, 'default/semaphore')) },
  ])
  await client.query('select pg_advisory_unlock_all()')
  client.release()
})

test('a permit can be taken away by its name: its holder is told, the next is served', async () => {
  await using fp = fencepost(database.url)
  const stuck = await fp.semaphore('evict', 1).acquire()
  const next = fp.semaphore('evict', 1).acquire({ wait: '20s' })
  await untilInLine(admin, 'evict', 1)
  const { rows } = await admin.query(`call fencepost.evict('evict#1', namespace => 'default/semaphore')`)
  expect(rows).toMatchObject([{ outcome: 'released', token: String(stuck.token) }])
  expect(stuck.signal.reason).toMatchObject({ code: 'LOCK_LOST', cause: { code: 'EVICTED' } })
  await (await next).release()
})
