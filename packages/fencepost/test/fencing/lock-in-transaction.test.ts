import { fencepost, lockInTransaction } from 'fencepost'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cloneDatabase, emptyDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'
import { untilWatching } from '../support/waiters.ts'

const database = await cloneDatabase()
beforeAll(() => database.admin.query('create table effects (who text)'))
afterAll(() => database[Symbol.asyncDispose]())

const effects = async () =>
  (await database.admin.query<{ who: string }>('select who from effects')).rows.map(({ who }) => who)

/** A connection in a transaction, ended with the test. */
async function begin(level = 'read committed', url = database.url) {
  const client = new pg.Client({ connectionString: url, application_name: 'a transaction of yours' })
  client.on('error', () => {})
  await client.connect()
  await client.query(`begin isolation level ${level}`)
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() })
}

test('FAULTS 1, P3: a session holder that was frozen is refused once a transaction has taken its lock', async () => {
  await using zombie = await Remote.start(database.url, { freezeTimeout: '1s' })
  await using fp = fencepost(database.url)
  await using tx = await begin()
  const token = await zombie.call<number>('lock', 'a')
  await zombie.call('beginWrite', 'a', `insert into effects values ('zombie')`)
  zombie.freeze()
  expect(await fp.lockInTransaction(tx, 'a')).toBeGreaterThan(token)
  await tx.query(`insert into effects values ('next')`)
  zombie.thaw()
  // The gate stays closed, so that it is not refused before it can be known what it would have missed.
  const guarded = zombie.call('guard', 'a').catch((error: { code: string }) => error.code)
  await tx.query('commit')
  expect(await guarded).toBe('STALE_TOKEN')
  expect(await effects()).toEqual(['next'])
})

test('P3: a guarded transaction in flight keeps a transaction lock waiting, which then sees its effects', async () => {
  await using fp = fencepost(database.url)
  await using first = await begin()
  await using tx = await begin()
  const lock = await fp.lock('b')
  await first.query(`insert into effects values ('in flight')`)
  await lock.guard(first)
  await lock.release()
  const locked = fp.lockInTransaction(tx, 'b')
  await untilWatching(database.admin, 'a transaction of yours')
  await first.query('commit')
  await locked
  expect((await tx.query(`select from effects where who = 'in flight'`)).rowCount).toBe(1)
})

test('P3: a transaction lock is refused where the snapshot may be older than it (H2)', async () => {
  await using fp = fencepost(database.url)
  for (const level of ['repeatable read', 'serializable']) {
    await using tx = await begin(level)
    await expect(fp.lockInTransaction(tx, 'c')).rejects.toMatchObject({ code: 'WRONG_ISOLATION', lockName: 'c' })
  }
  expect(await fp.who('c')).toEqual([])
})

test('P2: the token of a lock that was rolled back, wholly or to a savepoint, is never handed out again (H14)', async () => {
  await using fp = fencepost(database.url)
  await using tx = await begin()
  await tx.query('savepoint before')
  const undone = await fp.lockInTransaction(tx, 'd')
  await tx.query('rollback to before')
  const taken = await fp.tryLock('d')
  expect(taken?.token).toBeGreaterThan(undone)
  await taken?.release()
  const again = await fp.lockInTransaction(tx, 'd')
  expect(again).toBeGreaterThan(taken?.token ?? 0)
  expect(await fp.lockInTransaction(tx, 'd')).toBe(again)
  await tx.query('rollback')
  await using next = await fp.lock('d')
  expect(next.token).toBeGreaterThan(again)
})

test('a transaction lock waits as long as it was told, or as lock_timeout says, which stays as it was', async () => {
  await using fp = fencepost(database.url)
  await using _ = await fp.lock('busy')
  for (const [limit, wait] of [
    ['0', '20ms'],
    ['20ms', '1h'],
    ['20ms', undefined],
  ] as const) {
    await using tx = await begin()
    await tx.query(`set lock_timeout = '${limit}'`)
    await fp.lockInTransaction(tx, 'free', { wait: '1h' })
    expect((await tx.query('show lock_timeout')).rows).toEqual([{ lock_timeout: limit }])
    const timedOut = fp.lockInTransaction(tx, 'busy', wait === undefined ? {} : { wait })
    await expect(timedOut).rejects.toMatchObject({ code: 'LOCK_TIMEOUT', lockName: 'busy' })
  }
})

test('P4: a transaction that sits idle for longer than freezeTimeout is ended and keeps no lock', async () => {
  await using fp = fencepost(database.url, { freezeTimeout: '1s' })
  await using tx = await begin()
  await fp.lockInTransaction(tx, 'e')
  await using _ = await fp.lock('e')
  await expect(tx.query('commit')).rejects.toThrow(/terminat|not queryable/)
})

test('a transaction that holds the lock writes to a protected table, one that held it before a savepoint does not', async () => {
  await database.admin.query(
    `create table ledger (account integer); select fencepost.protect('ledger', 'account:{account}')`,
  )
  await using fp = fencepost(database.url)
  await using tx = await begin()
  await fp.lockInTransaction(tx, 'account:1')
  await tx.query('insert into ledger values (1)')
  await tx.query('commit; begin; savepoint before')
  await fp.lockInTransaction(tx, 'account:1')
  await tx.query('rollback to before')
  await expect(tx.query('insert into ledger values (1)')).rejects.toMatchObject({ code: 'LK005' })
  await fp.transaction(['account:1', 'account:2'], (own) => own.query('insert into ledger values (1), (2)'))
  expect((await database.admin.query('select from ledger')).rowCount).toBe(3)
})

test('P7: what would wait for itself is told at once, in a callback and on one connection', async () => {
  await using fp = fencepost(database.url)
  await using tx = await begin()
  const inside = fp.lock('f', () => fp.lockInTransaction(tx, 'f'))
  await expect(inside).rejects.toMatchObject({ code: 'DEADLOCK' })
  await tx.query('commit')
  await tx.query(`call fencepost.lock('f')`)
  await tx.query('begin')
  await expect(fp.lockInTransaction(tx, 'f')).rejects.toMatchObject({ code: 'ALREADY_HELD' })
})

test('P7: a wrong name, option or transaction is a TypeError, before anything is sent', async () => {
  await using fp = fencepost('postgres://127.0.0.1:1/none')
  await using tx = await begin()
  for (const call of [
    lockInTransaction(tx, ''),
    lockInTransaction(tx, 'a', { timeout: '5s' } as object),
    lockInTransaction(tx, 'a', { namespace: 'a:b' }),
    lockInTransaction(database.admin as unknown as pg.Client, 'a'),
    lockInTransaction({} as pg.Client, 'a'),
    lockInTransaction(undefined as unknown as pg.Client, 'a'),
    fp.lockInTransaction(tx, '', {}),
    fp.lockInTransaction(tx, 'a', { namespace: 'b' } as object),
  ]) {
    await expect(call).rejects.toThrow(TypeError)
  }
})

test('a transaction lock is of its namespace and schema', async () => {
  await using fp = fencepost(database.url, { schema: 'other', namespace: 'shop' })
  await using tx = await begin()
  await using lock = await fp.lock('g')
  await lockInTransaction(tx, 'g', { schema: 'other' })
  const busy = lockInTransaction(tx, 'g', { schema: 'other', namespace: 'shop', wait: '10ms' })
  await expect(busy).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' })
  expect(lock.signal.aborted).toBe(false)
})

test('P2: no token is drawn before an epoch is on disk, and an instance sees to that', async () => {
  await using empty = await emptyDatabase()
  await using fp = fencepost(empty.url)
  await fp.migrate()
  await using early = await begin('read committed', empty.url)
  await expect(lockInTransaction(early, 'h')).rejects.toMatchObject({ code: 'NOT_BOOTED' })
  await using tx = await begin('read committed', empty.url)
  expect(await fp.lockInTransaction(tx, 'h')).toBeGreaterThan(2 ** 42)
  // As after a crash: the transaction is lost, the next one is not.
  await tx.query('rollback')
  await empty.admin.query('delete from fencepost.boot')
  await fp.close()
  await using other = fencepost(empty.url)
  await using again = await begin('read committed', empty.url)
  await other.lockInTransaction(again, 'h')
  await eventually(async () => (await empty.admin.query('select from fencepost.epochs')).rowCount === 2)
})
