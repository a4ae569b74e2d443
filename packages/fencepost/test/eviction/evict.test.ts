import { once } from 'node:events'
import { EvictedError, fencepost, LockLostError, type LostEvent } from 'fencepost'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { untilInLine } from '../support/waiters.ts'
import { untilGateClosed } from './gates.ts'
import { PlainClient } from './plain-client.ts'

const database = await cloneDatabase()
beforeAll(() => database.admin.query('create table effects (who text)'))
afterAll(() => database[Symbol.asyncDispose]())

const effects = async () =>
  (await database.admin.query<{ who: string }>('select who from effects')).rows.map(({ who }) => who)
const evict = async (name: string, more = '') =>
  (await database.admin.query(`call fencepost.evict($1${more})`, [name])).rows[0]

test('P5: an evicted holder is told by whom, lets go of that lock at once, keeps its others, and its late write is refused', async () => {
  await using fp = fencepost(database.url)
  await using other = fencepost(database.url, { application: 'the operator' })
  await using lock = await fp.lock('a')
  await using kept = await fp.lock('kept')
  const lost: LostEvent[] = []
  const released: unknown[] = []
  using _lost = fp.on('lost', (event) => lost.push(event))
  using _released = fp.on('released', (event) => released.push(event))
  const told = once(lock.signal, 'abort')

  const report = await other.evict('a', { grace: '60s' })
  expect(report).toMatchObject({ outcome: 'released', token: lock.token, holders: [{ process: process.pid }] })
  await told
  expect(lock.signal.reason).toBeInstanceOf(LockLostError)
  expect(lock.signal.reason.cause).toBeInstanceOf(EvictedError)
  expect(lock.signal.reason.cause).toMatchObject({ code: 'EVICTED', application: 'the operator', role: 'postgres' })
  expect(lost).toMatchObject([{ name: 'a', token: lock.token, cause: lock.signal.reason }])

  await expect(
    lock.transaction((tx) => tx.query(`insert into effects values ('evicted')`), { isolation: 'serializable' }),
  ).rejects.toMatchObject({ code: 'STALE_TOKEN' })
  await kept.transaction((tx) => tx.query(`insert into effects values ('kept')`))
  expect(kept.signal.aborted).toBe(false)
  expect(await effects()).toEqual(['kept'])
  await lock.release()
  expect(released).toEqual([])
  await using next = await other.lock('a', { wait: '10s' })
  expect(next.token).toBeGreaterThan(lock.token)
})

test('those who wait in line are granted it next, in their order', async () => {
  await using fp = fencepost(database.url)
  await using other = fencepost(database.url)
  await using lock = await fp.lock('line')
  const order: number[] = []
  const waiting: Promise<unknown>[] = []
  for (const [i, one] of [other, fp, other].entries()) {
    waiting.push(one.lock('line', { wait: '60s' }, () => order.push(i)))
    await untilInLine(database.admin, 'line', i + 1)
  }
  await other.evict('line', { token: lock.token })
  await Promise.all(waiting)
  expect(order).toEqual([0, 1, 2])
})

test('a lock on a connection of its own, which its process took as it had to wait, is let go of too', async () => {
  await using fp = fencepost(database.url)
  await using other = fencepost(database.url)
  await using before = await other.lock('lane')
  const waiting = fp.lock('lane')
  await untilInLine(database.admin, 'lane', 1)
  await using kept = await fp.lock('lane kept')
  await before.release()
  await using lock = await waiting
  expect(await other.evict('lane', { grace: '60s' })).toMatchObject({ outcome: 'released', token: lock.token })
  expect([lock.signal.aborted, kept.signal.aborted]).toEqual([true, false])
})

test('a process may evict itself, also in the callback that holds the lock; its session lives on, and its token is refused (H12)', async () => {
  await using fp = fencepost(database.url)
  await using kept = await fp.lock('own kept')
  await fp.lock('own', async (lock) => {
    expect(await fp.evict('own', { grace: '60s' })).toMatchObject({ outcome: 'released', token: lock.token })
    expect(lock.signal.aborted).toBe(true)
    await expect(lock.transaction(async () => {})).rejects.toMatchObject({ code: 'STALE_TOKEN' })
  })
  expect(kept.signal.aborted).toBe(false)
  await using client = await PlainClient.connect(database.url)
  await client.query(`call fencepost.lock('own of a backend')`)
  await expect(client.query(`call fencepost.evict('own of a backend')`)).rejects.toMatchObject({ code: 'LK008' })
})

test('a name that is free, and one that is held under another token, are reported and left alone', async () => {
  await using fp = fencepost(database.url)
  await using lock = await fp.lock('free')
  await lock.release()
  expect(await fp.evict('free')).toEqual({ outcome: 'not held', token: null, holders: [] })
  await using next = await fp.lock('free')
  expect(await fp.evict('free', { token: lock.token })).toMatchObject({
    outcome: 'changed',
    holders: [{ token: next.token }],
  })
  expect(next.signal.aborted).toBe(false)
})

test('a holder in plain SQL, which nobody can ask, has the grace and is then ended; one that lets go meanwhile is not', async () => {
  for (const [name, ends] of [
    ['stays', true],
    ['goes', false],
  ] as const) {
    await using client = await PlainClient.connect(database.url)
    const { rows } = await client.query(`call fencepost.lock('${name}')`)
    const evicting = evict(name, `, grace => '${ends ? '1 s' : '60 s'}'`)
    if (!ends) {
      await untilGateClosed(database.admin, name)
      await client.query(`select fencepost.unlock('${name}')`)
    }
    expect(await evicting).toMatchObject({ outcome: ends ? 'terminated' : 'released', token: rows[0].token })
    await expect(database.admin.query(`select fencepost.guard($1, $2)`, [name, rows[0].token])).rejects.toMatchObject({
      code: 'LK001',
    })
    await eventually(async () => client.isOver === ends)
  }
})
