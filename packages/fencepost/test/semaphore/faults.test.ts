import { fencepost, LockLostError } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase, ownServer } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'
import { untilInLine } from '../support/waiters.ts'

const database = await cloneDatabase()
const { admin } = database
await admin.query('create table effects (who text)')
afterAll(() => database[Symbol.asyncDispose]())

const byNumber = (one = 0, other = 0) => one - other

interface Held {
  readonly name: string
  readonly number: number
  readonly token: number
}

test('P4: the permits of a killed process go to those who wait, while others hold on', async () => {
  await using fp = fencepost(database.url)
  await using stays = await fp.semaphore('kill', 3).acquire()
  await using killed = await Remote.start(database.url)
  const lost = [await killed.call<Held>('acquire', 'kill', 3), await killed.call<Held>('acquire', 'kill', 3)]
  const waiting = [
    fp.semaphore('kill', 3).acquire(),
    fp.semaphore('kill', 3).acquire(),
    fp.semaphore('kill', 3).acquire(),
  ]
  await untilInLine(admin, 'kill', 3)
  await killed.kill()
  const [first, second] = [await waiting[0], await waiting[1]]
  expect([first?.number, second?.number].toSorted(byNumber)).toEqual(
    lost.map(({ number }) => number).toSorted(byNumber),
  )
  expect(first?.token).toBeGreaterThan(Math.max(...lost.map(({ token }) => token)))
  expect(stays.signal.aborted).toBe(false)
  await first?.release()
  await second?.release()
  await (await waiting[2])?.release()
})

test('P4: who is killed while it waits, also as the first of the line, keeps nobody waiting', async () => {
  await using fp = fencepost(database.url)
  await using dead = await Remote.start(database.url)
  const held = await fp.semaphore('dead', 1).acquire()
  void dead.call('acquire', 'dead', 1).catch(() => {})
  await untilInLine(admin, 'dead', 1)
  const behind = fp.semaphore('dead', 1).acquire()
  await untilInLine(admin, 'dead', 2)
  await dead.kill()
  await held.release()
  await (await behind).release()
  await eventually(async () => await fp.semaphore('dead', 1).tryAcquire())
})

test('P3, P4, P5: the permit of a frozen process goes on after freezeTimeout; when it wakes its write is refused and it is told', async () => {
  await using fp = fencepost(database.url)
  await using frozen = await Remote.start(database.url, { freezeTimeout: '2s' })
  const held = await frozen.call<Held>('acquire', 'freeze', 2)
  await using stays = await fp.semaphore('freeze', 2).acquire()
  const waiting = fp.semaphore('freeze', 2).acquire()
  await untilInLine(admin, 'freeze', 1)
  frozen.freeze()
  const next = await waiting
  expect(next.number).toBe(held.number)
  expect(next.token).toBeGreaterThan(held.token)
  await next.transaction((tx) => tx.query(`insert into effects values ('next')`))
  frozen.thaw()
  await expect(
    frozen.call('writeWithPermit', held.name, `insert into effects values ('zombie')`),
  ).rejects.toMatchObject({
    code: 'STALE_TOKEN',
  })
  await eventually(async () => frozen.lossOf(held.name))
  expect((await admin.query('select who from effects')).rows).toEqual([{ who: 'next' }])
  expect(stays.signal.aborted).toBe(false)
  await next.release()
})

test('P3: a number through which a guarded transaction has passed is granted to nobody until that has ended, the others are', async () => {
  await using fp = fencepost(database.url)
  await using killed = await Remote.start(database.url)
  const held = await killed.call<Held>('acquire', 'gate', 2)
  await using stays = await fp.semaphore('gate', 2).acquire()
  const client = await admin.connect()
  await client.query('begin')
  await client.query(`select fencepost.guard($1, $2, 'default/semaphore')`, [held.name, held.token])
  await killed.kill()
  await eventually(async () => (await fp.semaphore('gate', 2).who()).length === 1)
  expect(await fp.semaphore('gate', 2).tryAcquire()).toBeNull()
  const waiting = fp.semaphore('gate', 2).acquire()
  await untilInLine(admin, 'gate', 1)
  const number = stays.number
  await stays.release()
  const other = await waiting
  expect(other.number).toBe(number)
  const last = fp.semaphore('gate', 2).acquire()
  await untilInLine(admin, 'gate', 1)
  await client.query('commit')
  client.release()
  expect((await last).number).toBe(held.number)
  await other.release()
  await (await last).release()
})

test('P5: a permit whose connection was terminated is told, can be given back, and its place is free again', async () => {
  await using fp = fencepost(database.url)
  const semaphore = fp.semaphore('told', 1)
  const permit = await semaphore.acquire()
  const [holder] = await semaphore.who()
  expect(holder).toMatchObject({ permit: 1, token: permit.token, process: process.pid })
  await admin.query('select pg_terminate_backend($1)', [holder?.backend])
  await eventually(async () => permit.signal.aborted)
  expect(permit.signal.reason).toBeInstanceOf(LockLostError)
  await permit.release()
  await permit.release()
  await using next = await semaphore.acquire({ wait: '20s' })
  expect(next.token).toBeGreaterThan(permit.token)
})

test('P4, P5: a restart of the server takes all permits, and those who wait go on waiting and are served', async () => {
  await using server = await ownServer()
  await using fp = fencepost(server.url)
  await using other = fencepost(server.url)
  const held = [await fp.semaphore('restart', 2).acquire(), await other.semaphore('restart', 2).acquire()]
  const waiting = Array.from({ length: 4 }, () => other.semaphore('restart', 2).acquire({ wait: '60s' }))
  await expect(fp.semaphore('restart', 2).tryAcquire()).resolves.toBeNull()
  for (const how of ['fast', 'crash'] as const) {
    await server.restart(how)
    for (const permit of held.splice(0)) await eventually(async () => permit.signal.aborted)
    held.push(...(await Promise.all(waiting.splice(0, 2))))
    expect(held.map(({ number }) => number).toSorted(byNumber)).toEqual([1, 2])
  }
  for (const permit of held) await permit.release()
  await using again = await fp.semaphore('restart', 2).acquire({ wait: '20s' })
  expect(again.token).toBeGreaterThan(held[1]?.token ?? Infinity)
})

test.each(['semaphores', 'waiters'])(
  'while somebody has locked the table %s, a wait ends in time, and nothing hangs afterwards (H19)',
  async (table) => {
    await using fp = fencepost(database.url)
    await using other = fencepost(database.url)
    const [semaphore, others] = [fp.semaphore(table, 1), other.semaphore(table, 1)]
    const held = await others.acquire()
    expect(await semaphore.tryAcquire()).toBeNull()
    const client = await admin.connect()
    await client.query(`begin; lock table fencepost.${table}`)
    await expect(semaphore.acquire({ wait: '300ms' })).rejects.toMatchObject({ code: 'PERMIT_TIMEOUT' })
    const controller = new AbortController()
    const aborted = expect(semaphore.acquire({ signal: controller.signal })).rejects.toThrow('enough')
    const waiting = semaphore.acquire()
    controller.abort(new Error('enough'))
    await aborted
    await held.release()
    await client.query('rollback')
    client.release()
    await (await waiting).release()
    await eventually(async () => await others.tryAcquire())
  },
)

test('P7: a statement that fails after it has taken permits leaves none behind', async () => {
  await using fp = fencepost(database.url)
  await using other = fencepost(database.url)
  const semaphore = fp.semaphore('fails', 2)
  await semaphore.acquire(() => {})
  const { rows } = await admin.query<{ text: string }>(`select pg_get_functiondef('fencepost.seen'::regproc) as text`)
  // The last thing that is asked for.
  await admin.query(`
    create or replace function fencepost.seen() returns pg_snapshot language plpgsql
    as $$ begin raise exception 'cancelled' using errcode = '57014'; end $$`)
  await expect(semaphore.tryAcquire()).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE', cause: { code: '57014' } })
  const waiting = semaphore.acquire()
  await untilInLine(admin, 'fails', 1)
  expect(await semaphore.who()).toEqual([])
  await admin.query(rows[0]?.text ?? '')
  const both = [await waiting, await other.semaphore('fails', 2).acquire({ wait: '20s' })]
  expect(both.map(({ number }) => number).toSorted(byNumber)).toEqual([1, 2])
  for (const permit of both) await permit.release()
})
