import { fencepost, type OnceRun } from 'fencepost'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'
import { createEffects, effectsOf, stateOf } from './effects.ts'

const database = await cloneDatabase()
await createEffects(database.admin)
await database.admin.query('create table payments (key text)')
afterAll(() => database[Symbol.asyncDispose]())

const never = () => {
  throw new Error('it must not be run')
}
const pay = async (tx: pg.Client, { key, attempt }: OnceRun) => {
  await tx.query('insert into payments values ($1)', [key])
  return attempt
}
const payments = async (key: string) =>
  (await database.admin.query('select from payments where key = $1', [key])).rowCount

async function connect() {
  const client = new pg.Client(database.url)
  client.on('error', () => {})
  await client.connect()
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() })
}

test('once in a transaction of the caller: effect and record are committed or rolled back with it', async () => {
  await using fp = fencepost(database.url)
  await using client = await connect()
  for (const [ending, paid, state] of [
    ['rollback', 0, undefined],
    ['commit', 1, 'done'],
    ['commit', 1, 'done'],
  ] as const) {
    await client.query('begin')
    expect(await fp.once('a', { transaction: client }, pay)).toBe(1)
    expect(await fp.once('a', { transaction: client }, never)).toBe(1)
    await client.query(ending)
    expect([await payments('a'), await stateOf(database.admin, 'a')]).toEqual([paid, state])
  }
  expect(await fp.once('a', never)).toBe(1)
})

test('once in a transaction of the caller: nobody else runs the key until it has ended', async () => {
  await using fp = fencepost(database.url)
  await using client = await connect()
  await using other = await connect()
  for (const [ending, expected] of [
    ['rollback', 'other'],
    ['commit', 1],
  ] as const) {
    const key = `waits for ${ending}`
    await client.query('begin')
    await fp.once(key, { transaction: client }, pay)
    await expect(fp.once(key, { wait: '50ms' }, never)).rejects.toMatchObject({ code: 'ONCE_BUSY' })
    const waiting = fp.once(key, () => 'other')
    await other.query(`begin; set local lock_timeout = '50ms'`)
    await expect(fp.once(key, { transaction: other }, never)).rejects.toMatchObject({ code: 'ONCE_BUSY' })
    await other.query('rollback')
    await client.query(ending)
    expect(await waiting).toBe(expected)
  }
})

test('once in a transaction of the caller: it waits for a run under way, and finds one that was killed uncertain', async () => {
  await using fp = fencepost(database.url)
  await using client = await connect()
  await using killed = await Remote.start(database.url)
  void killed.call('onceUntilFinished', 'killed').catch(() => {})
  await eventually(async () => (await effectsOf(database.admin, 'killed')).length > 0)
  const pid = (await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid
  await client.query('begin')
  const waiting = expect(fp.once('killed', { transaction: client }, never)).rejects.toMatchObject({
    code: 'ONCE_UNCERTAIN',
  })
  const blocked = `select from pg_locks where locktype = 'advisory' and not granted and pid = $1`
  await eventually(async () => (await database.admin.query(blocked, [pid])).rowCount)
  await killed.kill()
  await waiting
  await client.query('rollback')
  await client.query('begin')
  expect(await fp.once('killed', { transaction: client, onUncertain: 'retry' }, pay)).toBe(2)
  await client.query('commit')
  expect(await fp.once('killed', never)).toBe(2)
})

test('once in a transaction of the caller: killed in the middle, it leaves nothing', async () => {
  await using fp = fencepost(database.url)
  await using client = await connect()
  await client.query('begin')
  const cutOff = fp.once('cut off', { transaction: client }, async (tx, run) => {
    await pay(tx, run)
    const { rows } = await tx.query<{ pid: number }>('select pg_backend_pid() as pid')
    await database.admin.query('select pg_terminate_backend($1, 5000)', [rows[0]?.pid])
  })
  await expect(cutOff).rejects.toBeInstanceOf(Error)
  expect([await payments('cut off'), await stateOf(database.admin, 'cut off')]).toEqual([0, undefined])
  expect(await fp.once('cut off', { transaction: true }, (_tx, { attempt }) => attempt)).toBe(1)
})

test('once in a transaction of the caller: what threw has failed if it is committed all the same', async () => {
  await using fp = fencepost(database.url)
  await using client = await connect()
  await client.query('begin')
  const own = new RangeError('its own')
  await expect(fp.once('failed', { transaction: client }, () => Promise.reject(own))).rejects.toBe(own)
  await client.query('commit')
  await expect(fp.once('failed', never)).rejects.toMatchObject({ code: 'ONCE_FAILED' })
})

test('once in a transaction of the caller: outside of one, at another isolation level and inside of itself it is refused', async () => {
  await using fp = fencepost(database.url)
  await using client = await connect()
  await expect(fp.once('refused', { transaction: client }, never)).rejects.toMatchObject({ code: 'NOT_IN_TRANSACTION' })
  for (const level of ['repeatable read', 'serializable']) {
    await client.query(`begin isolation level ${level}`)
    await expect(fp.once('refused', { transaction: client }, never)).rejects.toMatchObject({ code: 'WRONG_ISOLATION' })
    await client.query('rollback')
  }
  await client.query('begin')
  const nested = fp.once('refused', { transaction: client }, (tx) => fp.once('refused', { transaction: tx }, never))
  await expect(nested).rejects.toMatchObject({ code: 'DEADLOCK' })
  await client.query('rollback')
  expect(await stateOf(database.admin, 'refused')).toBeUndefined()
})
