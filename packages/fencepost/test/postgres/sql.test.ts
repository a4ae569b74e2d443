import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'

const database = await cloneDatabase()
const client = await database.admin.connect()
afterAll(async () => {
  client.release(true)
  await database[Symbol.asyncDispose]()
})

test('call fencepost.lock is refused inside a transaction, and try_lock above READ COMMITTED (H2, H3)', async () => {
  await client.query('begin')
  await expect(client.query(`call fencepost.lock('a')`)).rejects.toMatchObject({ code: '2D000' })
  await client.query('rollback')
  for (const isolation of ['repeatable read', 'serializable']) {
    await client.query(`begin isolation level ${isolation}`)
    await expect(client.query(`select fencepost.try_lock('a')`)).rejects.toMatchObject({ code: 'LK002' })
    await client.query('rollback')
  }
  expect((await client.query(`select fencepost.who('a')`)).rows).toEqual([])
})

test('one connection is refused what it holds already, and lets go of lock and token at once', async () => {
  await client.query(`call fencepost.lock('b')`)
  await expect(client.query(`call fencepost.lock('b')`)).rejects.toMatchObject({ code: 'LK003' })
  await expect(client.query(`select fencepost.try_lock('b')`)).rejects.toMatchObject({ code: 'LK003' })
  expect((await client.query(`select fencepost.unlock('b') as first, fencepost.unlock('b') as second`)).rows).toEqual([
    { first: true, second: false },
  ])
  expect((await client.query('select * from fencepost.held_keys(pg_backend_pid())')).rows).toEqual([])
})

test('a plain SQL wait that is cut off leaves nothing, and its timeout names the lock', async () => {
  await using fp = fencepost(database.url)
  const lock = await fp.lock('c')
  await expect(client.query(`call fencepost.lock('c', '300 ms')`)).rejects.toMatchObject({
    code: '55P03',
    message: /lock "c" was not granted/,
  })
  await client.query(`set statement_timeout = 100`)
  await expect(client.query(`call fencepost.lock('c')`)).rejects.toMatchObject({ code: '57014' })
  await client.query(`set statement_timeout = 0`)
  await lock.release()
  expect((await client.query(`select fencepost.who('c')`)).rows).toEqual([])
})

test('P6: a wait is cut into slices, in SQL and in the library, so it holds no snapshot for long', async () => {
  await using holder = fencepost(database.url)
  await using fp = fencepost(database.url)
  await using lock = await holder.lock('d')
  const waits = [fp.lock('d').catch(() => {}), client.query(`call fencepost.lock('d', '1 h')`).catch(() => {})]
  const transactions = async () => {
    const { rows } = await database.admin.query<{ pid: number; began: string }>(
      `select pid, xact_start::text as began from pg_stat_activity where wait_event = 'advisory' and datname = current_database()`,
    )
    return new Map(rows.map(({ pid, began }) => [pid, began]))
  }
  const first = await eventually(async () => {
    const seen = await transactions()
    return seen.size === 2 && seen
  })
  // The same backends wait in another transaction, twice.
  for (let before = first, slice = 0; slice < 2; slice++) {
    before = await eventually(async () => {
      const now = await transactions()
      return [...before].every(([pid, began]) => now.has(pid) && now.get(pid) !== began) && now
    })
  }
  await database.admin.query(
    `select pg_cancel_backend(pid) from pg_stat_activity where query like 'call fencepost.lock%' and state = 'active'`,
  )
  await fp.close()
  await Promise.all(waits)
  expect(lock.signal.aborted).toBe(false)
})

test('a wait that somebody cancels from outside goes on', async () => {
  await using holder = fencepost(database.url)
  await using fp = fencepost(database.url, { application: 'cancelled' })
  const lock = await holder.lock('e')
  const next = fp.lock('e')
  const cancel = `select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'advisory' and application_name like 'cancelled%'`
  await eventually(async () => (await database.admin.query(cancel)).rowCount)
  await lock.release()
  expect((await next).token).toBeGreaterThan(lock.token)
})

test('the limits a guarded transaction has set itself are not loosened, and end with it', async () => {
  await using fp = fencepost(database.url, { freezeTimeout: '30s' })
  await using lock = await fp.lock('f')
  for (const [own, then] of [
    ['5s', '5s'],
    ['0', '30s'],
    ['60s', '30s'],
  ]) {
    await client.query(`begin; set local idle_in_transaction_session_timeout = '${own}'`)
    await lock.guard(client)
    expect(await limit()).toEqual({ idle_in_transaction_session_timeout: then })
    await client.query('commit')
    expect(await limit()).toEqual({ idle_in_transaction_session_timeout: '0' })
  }
})

test('P10: what is held for longer than a moment can be read by name, holder and age; a dead session leaves nothing', async () => {
  const fp = fencepost(database.url, { application: 'reader' })
  const lock = await fp.lock('g')
  const [holder] = await eventually(async () => {
    const holders = await fp.who('g')
    return holders[0]?.acquiredAt && holders
  })
  expect(holder).toMatchObject({ mode: 'exclusive', token: lock.token, application: 'reader', process: process.pid })
  expect(await names()).toEqual([{ name: 'g' }])
  await database.admin.query('select pg_terminate_backend($1)', [holder?.backend])
  await eventually(async () => lock.signal.aborted)
  await using other = fencepost(database.url)
  await (await other.lock('h')).release()
  expect(await names()).toEqual([])
  await fp.close()
})

async function limit() {
  return (await client.query('show idle_in_transaction_session_timeout')).rows[0]
}

async function names() {
  return (await client.query('select name from fencepost.holders')).rows
}
