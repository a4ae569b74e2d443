import type { EventEmitter } from 'node:events'
import { fencepost, StaleTokenError } from 'fencepost'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Proxy } from '../support/proxy.ts'
import { Remote } from '../support/remote.ts'

const database = await cloneDatabase()
beforeAll(() => database.admin.query('create table effects (who text)'))
afterAll(() => database[Symbol.asyncDispose]())

const effects = async () =>
  (await database.admin.query<{ who: string }>('select who from effects')).rows.map(({ who }) => who)
const backendOf = async (name: string) => {
  const { rows } = await database.admin.query<{ backend: number }>('select backend from fencepost.who($1)', [name])
  return rows[0]?.backend
}

test.each(['read committed', 'repeatable read', 'serializable'] as const)(
  'FAULTS 1, P3: a holder frozen with an open %s transaction wakes after the next was granted, and its commit is refused',
  async (isolation) => {
    await using zombie = await Remote.start(database.url, { freezeTimeout: '1s' })
    await using fp = fencepost(database.url)
    const name = `frozen at ${isolation}`
    await zombie.call('lock', name)
    await zombie.call('beginWrite', name, `insert into effects values ('zombie')`, isolation)
    zombie.freeze()
    await using next = await fp.lock(name)
    await next.transaction((tx) => tx.query('insert into effects values ($1)', [name]))
    zombie.thaw()
    await expect(zombie.call('guard', name)).rejects.toMatchObject({ code: 'STALE_TOKEN', cause: 'LK001' })
    await zombie.kill()
    expect(await effects()).not.toContain('zombie')
    expect(await effects()).toContain(name)
  },
)

test('FAULTS 1, P3: a holder frozen before its transaction is refused when it begins one', async () => {
  await using zombie = await Remote.start(database.url, { freezeTimeout: '1s' })
  await using fp = fencepost(database.url)
  await zombie.call('lock', 'a')
  zombie.freeze()
  await using next = await fp.lock('a')
  zombie.thaw()
  await expect(zombie.call('write', 'a', `insert into effects values ('zombie')`)).rejects.toMatchObject({
    code: 'STALE_TOKEN',
    cause: 'LK001',
    message: expect.stringContaining(String(next.token)),
  })
  expect(await effects()).not.toContain('zombie')
})

test('FAULTS 15, P3: a holder whose event loop was blocked for longer than freezeTimeout is refused', async () => {
  await using zombie = await Remote.start(database.url, { freezeTimeout: '1s' })
  await using fp = fencepost(database.url)
  await zombie.call('lock', 'blocked')
  const blocked = zombie.call('block', 3000)
  await using next = await fp.lock('blocked')
  await blocked
  await expect(zombie.call('write', 'blocked', `insert into effects values ('zombie')`)).rejects.toMatchObject({
    code: 'STALE_TOKEN',
  })
  expect(next.signal.aborted).toBe(false)
  expect(await effects()).not.toContain('zombie')
})

test('FAULTS 2, P3: a holder whose backend was terminated is refused from then on, whoever has the lock', async () => {
  await using zombie = await Remote.start(database.url)
  await using fp = fencepost(database.url)
  const write = () => zombie.call('write', 'b', `insert into effects values ('zombie')`)
  await zombie.call('lock', 'b')
  await database.admin.query('select pg_terminate_backend($1, 5000)', [await backendOf('b')])
  await eventually(async () => (await backendOf('b')) === undefined)
  await expect(write()).rejects.toMatchObject({ code: 'STALE_TOKEN', message: expect.stringContaining('Nobody holds') })
  await using next = await fp.lock('b')
  await expect(write()).rejects.toMatchObject({
    code: 'STALE_TOKEN',
    message: expect.stringContaining(`${next.token} is held`),
  })
  await next.release()
  await expect(write()).rejects.toMatchObject({ code: 'STALE_TOKEN' })
  expect(await effects()).not.toContain('zombie')
})

test('P3: a transaction whose snapshot is older than the lock is refused with 40001 (H2)', async () => {
  await using fp = fencepost(database.url)
  const client = await database.admin.connect()
  for (const isolation of ['repeatable read', 'serializable']) {
    await client.query(`begin isolation level ${isolation}`)
    await client.query('select 1')
    await database.admin.query(`insert into effects values ('the last holder')`)
    await using late = await fp.lock('late')
    await expect(late.guard(client)).rejects.toMatchObject({ code: '40001' })
    await client.query('rollback')
    await database.admin.query(`insert into effects values ('somebody else')`)
    await client.query(`begin isolation level ${isolation}`)
    await late.guard(client)
    await client.query('commit')
  }
  client.release()
})

test('P3: a token is good on the very connection that holds the lock, as callers of plain SQL use it', async () => {
  const client = await database.admin.connect()
  const { rows } = await client.query<{ token: string }>(`call fencepost.lock('plain')`)
  const guard = () => client.query(`select fencepost.guard('plain', $1)`, [rows[0]?.token])
  await guard()
  await client.query(`select fencepost.unlock('plain')`)
  await expect(guard()).rejects.toMatchObject({ code: 'LK001' })
  client.release()
})

test('P3: a guarded transaction in flight keeps the next from being granted, which then sees its effects', async () => {
  await using first = await Remote.start(database.url)
  await using fp = fencepost(database.url)
  await first.call('lock', 'c')
  await first.call('beginWrite', 'c', `insert into effects values ('in flight')`)
  await first.call('guard', 'c')
  await database.admin.query('select pg_terminate_backend($1, 5000)', [await backendOf('c')])
  await eventually(async () => (await backendOf('c')) === undefined)

  expect(await fp.tryLock('c')).toBeNull()
  const next = fp.lock('c')
  await eventually(
    async () => (await database.admin.query(`select from pg_stat_activity where wait_event = 'advisory'`)).rowCount,
  )
  await first.call('commit', 'c')
  await using lock = await next
  expect(
    await lock.transaction(async (tx) => (await tx.query(`select from effects where who = 'in flight'`)).rowCount),
  ).toBe(1)
})

test('FAULTS 1, P3: a transaction that sits idle for longer than freezeTimeout is ended and cannot keep the gate', async () => {
  await using frozen = await Remote.start(database.url, { freezeTimeout: '1s' })
  await using fp = fencepost(database.url)
  await frozen.call('lock', 'd')
  await frozen.call('beginWrite', 'd', `insert into effects values ('zombie')`)
  await frozen.call('guard', 'd')
  frozen.freeze()
  await using next = await fp.lock('d')
  frozen.thaw()
  await expect(frozen.call('commit', 'd')).rejects.toThrow(/terminat|not queryable/)
  expect(next.token).toBeGreaterThan(0)
  expect(await effects()).not.toContain('zombie')
})

test('a transaction whose work throws is rolled back, and the error comes out as it is', async () => {
  await using fp = fencepost(database.url)
  await using lock = await fp.lock('e')
  const mine = new Error('mine')
  const work = lock.transaction(async (tx) => {
    await tx.query(`insert into effects values ('undone')`)
    throw mine
  })
  await expect(work).rejects.toBe(mine)
  expect(await effects()).not.toContain('undone')
  await lock.transaction((tx) => tx.query(`insert into effects values ('done')`), { isolation: 'serializable' })
  expect(await effects()).toContain('done')
})

test('a transaction whose connection breaks says that nothing was written', async () => {
  await using fp = fencepost(database.url)
  await using lock = await fp.lock('f')
  const work = lock.transaction(async (tx) => {
    const { rows } = await tx.query<{ pid: number }>(
      `insert into effects values ('cut off') returning pg_backend_pid() as pid`,
    )
    const ended = new Promise((resolve) => (tx as unknown as EventEmitter).on('end', resolve))
    await database.admin.query('select pg_terminate_backend($1, 5000)', [rows[0]?.pid])
    await ended
  })
  await expect(work).rejects.toMatchObject({ code: 'TRANSACTION_LOST' })
  expect(await effects()).not.toContain('cut off')
})

test('a transaction whose connection is reset in the middle of a statement says that nothing was written', async () => {
  const proxy = await Proxy.start(database.url)
  await using fp = fencepost(proxy.url)
  await using lock = await fp.lock('g')
  const work = lock.transaction(async (tx) => {
    await tx.query(`insert into effects values ('reset'), (pg_sleep(60)::text)`)
  })
  const told = expect(work).rejects.toMatchObject({ code: 'TRANSACTION_LOST', lockName: 'g' })
  const sleeping = `select from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`
  await eventually(async () => (await database.admin.query(sleeping)).rowCount === 1)
  proxy.close()
  await told
  await database.admin.query(
    `select pg_terminate_backend(pid, 5000) from (${sleeping.replace('select', 'select pid')}) as one`,
  )
  expect(await effects()).not.toContain('reset')
})

test('a transaction whose connection breaks in the middle of COMMIT says that nobody knows', async () => {
  await database.admin.query(`
    create table slow (n integer);
    create function dawdle() returns trigger language plpgsql as 'begin perform pg_sleep(60); return null; end';
    create constraint trigger dawdle after insert on slow deferrable initially deferred for each row execute function dawdle()`)
  await using fp = fencepost(database.url)
  await using lock = await fp.lock('g')
  const ended = expect(lock.transaction((tx) => tx.query('insert into slow values (1)'))).rejects.toMatchObject({
    code: 'COMMIT_UNCERTAIN',
  })
  const terminate = `select pg_terminate_backend(pid, 5000) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`
  await eventually(async () => (await database.admin.query(terminate)).rowCount)
  await ended
})

test('a token of another name, a future one and none at all are refused (H10)', async () => {
  await using fp = fencepost(database.url)
  await using busy = await fp.lock('busy')
  await using other = await fp.lock('other')
  const guard = (name: string, token: number | null) =>
    database.admin.query('select fencepost.guard($1, $2)', [name, token])
  await guard('busy', busy.token)
  for (const [name, token] of [
    ['busy', other.token + 2],
    ['busy', busy.token + 2],
    ['busy', null],
    ['unknown', busy.token],
  ] as const) {
    await expect(guard(name, token)).rejects.toMatchObject({ code: 'LK001' })
  }
  expect(new StaleTokenError('a', 1, new Error('cause')).code).toBe('STALE_TOKEN')
})
