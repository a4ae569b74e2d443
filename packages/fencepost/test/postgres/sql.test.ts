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

test('try_lock raises no epoch: a rollback could show its token again', async () => {
  await client.query('truncate fencepost.boot')
  await client.query('begin')
  await expect(client.query(`select fencepost.try_lock('i')`)).rejects.toMatchObject({
    code: 'LK004',
    hint: expect.stringContaining('fencepost.boot()'),
  })
  await client.query('rollback')
  await client.query('call fencepost.boot()')
  expect((await client.query(`select fencepost.try_lock('i') is not null as is, fencepost.unlock('i')`)).rows).toEqual([
    { is: true, unlock: true },
  ])
})

test('try_lock that finds a guarded transaction in flight leaves nothing behind in the transaction of its caller', async () => {
  const other = await database.admin.connect()
  await other.query(`begin; select pg_advisory_xact_lock_shared(fencepost.gate('j'))`)
  await client.query('begin')
  expect((await client.query(`select fencepost.try_lock('j')`)).rows).toEqual([{ try_lock: null }])
  await other.query('commit')
  expect((await client.query(`select fencepost.try_lock('j') is not null as is`)).rows).toEqual([{ is: true }])
  await client.query('commit')
  await client.query(`select fencepost.unlock('j')`)
  other.release()
})

test('somebody who locks the table of holders holds up neither a grant nor a release', async () => {
  await using fp = fencepost(database.url)
  const [one, two] = [await fp.lock('k'), await fp.lock('l')]
  await eventually(async () => (await fp.who('l'))[0]?.acquiredAt)
  await client.query('begin; lock table fencepost.holders in share mode')
  await one.release()
  expect(await fp.who('k')).toEqual([])
  const three = await fp.lock('m')
  // The library writes it down after a moment, and gives that up at once.
  await eventually(
    async () =>
      (await database.admin.query(`select from pg_stat_activity where query like '%describe%' and state = 'idle'`))
        .rowCount,
  )
  await three.release()
  expect(two.signal.aborted).toBe(false)
  await client.query('commit')
  await two.release()
})

test('a storm of cancels leaves the process alive and nothing held', async () => {
  const fps = [fencepost(database.url, { application: 'stormy' }), fencepost(database.url, { application: 'stormy' })]
  const storm = new AbortController()
  const cancels = (async () => {
    const cancel = `select pg_cancel_backend(pid) from pg_stat_activity where application_name like 'stormy%' and state = 'active'`
    while (!storm.signal.aborted) await database.admin.query(cancel)
  })()
  let granted = 0
  const contend = async (fp: (typeof fps)[number]) => {
    for (let round = 0; round < 8; round++) {
      const lock = await fp.lock(`storm ${round % 3}`, { wait: '20s' }).catch(() => null)
      if (lock !== null) granted++
      await lock?.release()
    }
  }
  await Promise.all(fps.flatMap((fp) => Array.from({ length: 8 }, () => contend(fp))))
  storm.abort()
  await cancels
  expect(granted).toBeGreaterThan(0)
  for (let i = 0; i < 3; i++)
    expect((await client.query('select * from fencepost.who($1)', [`storm ${i}`])).rows).toEqual([])
  await Promise.all(fps.map((fp) => fp.close()))
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
  await database.admin.query('select pg_terminate_backend($1, 5000)', [holder?.backend])
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
