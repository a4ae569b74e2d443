import { fencepost, type Transaction } from 'fencepost'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'

const database = await cloneDatabase()
afterAll(() => database[Symbol.asyncDispose]())

test('P3: work is not even begun under a stale lock', async () => {
  await using fp = fencepost(database.url)
  const lock = await fp.lock('a')
  await database.admin.query(`select pg_terminate_backend(backend, 5000) from fencepost.who('a')`)
  await eventually(async () => lock.signal.aborted)
  let isBegun = false
  const work = lock.transaction(async () => {
    isBegun = true
  })
  await expect(work).rejects.toMatchObject({ code: 'STALE_TOKEN' })
  expect(isBegun).toBe(false)
})

test('P3: a token is refused with another session, and with another name (H10)', async () => {
  await using fp = fencepost(database.url)
  await using lock = await fp.lock('b')
  await using other = await fp.lock('c')
  const { rows } = await database.admin.query<{ session: string }>('select session from fencepost.sessions limit 1')
  const guard = (name: string, session: string | null) =>
    database.admin.query(`select fencepost.guard($1, $2, 'default', $3)`, [name, lock.token, session])
  await guard('b', null)
  await guard('b', rows[0]?.session ?? null)
  await expect(guard('b', '12345')).rejects.toMatchObject({ code: 'LK001' })
  await expect(guard('c', null)).rejects.toMatchObject({ code: 'LK001' })
  expect(other.token).not.toBe(lock.token)
})

test('P3: in a schema of another name, a name that looks like ours is guarded as it is', async () => {
  await using fp = fencepost(database.url, { schema: 'other' })
  for (const name of [
    'fencepost',
    'other',
    'pay fencepost.x',
    "'fencepost'",
    '$&',
    '<name, token, namespace, session>',
  ]) {
    const lock = await fp.lock(name)
    await lock.transaction((tx) => tx.query('select 1'))
    await lock.release()
    await expect(lock.transaction(async () => {})).rejects.toMatchObject({ code: 'LOCK_RELEASED' })
  }
})

test('a connection that broke in a transaction is not used again', async () => {
  const pool = new pg.Pool({ connectionString: database.url, max: 1 })
  pool.on('error', () => {})
  await using fp = fencepost(pool)
  await using lock = await fp.lock('d')
  let broken: number | undefined
  const work = lock.transaction(async (tx) => {
    broken = await pidOf(tx)
    await database.admin.query('select pg_terminate_backend($1, 5000)', [broken])
    await tx.query('select 1')
  })
  await expect(work).rejects.toThrow(/terminat|not queryable|ECONNRESET/)
  expect(await lock.transaction(pidOf)).not.toBe(broken)
  await pool.end()
})

test('FAULTS 15: a holder that is frozen inside its transaction is ended by the server, and keeps no row from the next', async () => {
  await database.admin.query('create table rows (n integer); insert into rows values (0)')
  await using frozen = await Remote.start(database.url, { freezeTimeout: '1s' })
  await using fp = fencepost(database.url)
  await frozen.call('lock', 'e')
  const blocked = frozen
    .call('writeAndBlock', 'e', 'update rows set n = n + 1', 4000)
    .catch((error: { code: string }) => error.code)
  await eventually(async () => {
    const { rowCount } = await database.admin.query(
      `select from pg_stat_activity where state = 'idle in transaction' and query like 'update rows%'`,
    )
    return rowCount
  })
  await using next = await fp.lock('e')
  await next.transaction((tx) => tx.query('update rows set n = n + 10'))
  expect(await blocked).toMatch(/TRANSACTION_LOST|COMMIT_UNCERTAIN|STALE_TOKEN/)
  expect((await database.admin.query('select n from rows')).rows).toEqual([{ n: 10 }])
})

test('FAULTS 3: a guarded statement whose client was killed does not keep the next waiting (H7 a)', async () => {
  const killed = await Remote.start(database.url)
  await using fp = fencepost(database.url)
  await killed.call('lock', 'f')
  await killed.call('beginWrite', 'f', 'select 1')
  await killed.call('guard', 'f')
  void killed.call('query', 'f', 'select pg_sleep(100)').catch(() => {})
  await eventually(
    async () => (await database.admin.query(`select from pg_stat_activity where wait_event = 'PgSleep'`)).rowCount,
  )
  await killed.kill()
  await using next = await fp.lock('f', { wait: '60s' })
  expect(next.token).toBeGreaterThan(0)
})

test('a guarded transaction has a lost network noticed, tightens only what is looser, and leaves nothing behind', async () => {
  await using fp = fencepost(database.url)
  await using lock = await fp.lock('network')
  const client = await database.admin.connect()
  const names = ['keepalives_idle', 'keepalives_interval', 'keepalives_count', 'user_timeout']
  const limits = async () => {
    const texts = names.map((name) => `current_setting('tcp_${name}')`)
    return (await client.query<{ limits: string[] }>(`select array[${texts.join()}] as limits`)).rows[0]?.limits
  }
  const before = await limits()
  for (const [own, then] of [
    ['', ['5', '2', '3', '5000']],
    ['set local tcp_keepalives_idle = 600; set local tcp_user_timeout = 60000', ['5', '2', '3', '5000']],
    ['set local tcp_keepalives_idle = 3; set local tcp_user_timeout = 2000', ['3', '2', '3', '2000']],
  ] as const) {
    await client.query(`begin; ${own}`)
    await lock.guard(client)
    expect(await limits()).toEqual(then)
    await client.query('commit')
    expect(await limits()).toEqual(before)
  }
  client.release()
})

test('a release waits for a guard call under way, and not for one of a lost lock', async () => {
  await using fp = fencepost(database.url)
  const [blocker, client] = [await database.admin.connect(), await database.admin.connect()]
  const order: string[] = []
  for (const isLost of [false, true]) {
    const lock = await fp.lock('g')
    await blocker.query(`begin; select pg_advisory_xact_lock(fencepost.gate('g'))`)
    await client.query('begin')
    const guarded = lock.guard(client).then(
      () => order.push('guarded'),
      () => order.push('refused'),
    )
    await eventually(
      async () =>
        (await database.admin.query(`select from pg_locks where not granted and locktype = 'advisory'`)).rowCount,
    )
    if (isLost) await database.admin.query(`select pg_terminate_backend(backend, 5000) from fencepost.who('g')`)
    const released = lock.release().then(() => order.push('released'))
    if (isLost) await released
    await blocker.query('commit')
    await Promise.all([guarded, released])
    await client.query('rollback')
  }
  for (const used of [blocker, client]) used.release()
  expect(order).toEqual(['guarded', 'released', 'released', 'refused'])
})

test('P3: a guard in a savepoint that is rolled back keeps nothing out; that of lock.transaction comes after all of them (H27)', async () => {
  await database.admin.query('create table savepoints (who text)')
  await using fp = fencepost(database.url)
  await using other = fencepost(database.url)
  const lock = await fp.lock('h27')
  const client = await database.admin.connect()
  const work = lock.transaction(async (tx) => {
    await tx.query('savepoint one')
    await tx.query(`select fencepost.guard('h27', $1)`, [lock.token])
    await tx.query('rollback to one')
    await tx.query(`insert into savepoints values ('ours')`)
    await client.query('begin')
    await client.query('savepoint one')
    await lock.guard(client)
    await client.query('rollback to one')
    await client.query(`insert into savepoints values ('by hand')`)
    await database.admin.query(`select pg_terminate_backend(backend) from fencepost.who('h27')`)
    // It waits for neither: nothing of theirs is at the gate any more.
    await (await other.lock('h27')).release()
  })
  await expect(work).rejects.toMatchObject({ code: 'STALE_TOKEN' })
  // The limit, as the docs say it.
  await client.query('commit')
  client.release()
  expect((await database.admin.query('select who from savepoints')).rows).toEqual([{ who: 'by hand' }])
})

async function pidOf(tx: Transaction): Promise<number | undefined> {
  return (await tx.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid
}
