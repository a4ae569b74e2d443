import { fencepost } from 'fencepost'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase, ownServer } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'
import { untilInLine, untilWatching } from '../support/waiters.ts'

const database = await cloneDatabase()
const { admin } = database
const fp = fencepost(database.url, { application: 'one' })
const other = fencepost(database.url, { application: 'other' })
afterAll(async () => {
  await Promise.all([fp.close(), other.close()])
  await database[Symbol.asyncDispose]()
})

const shared = { shared: true } as const
const guard = (name: string, token: number, session: string | null = null) =>
  admin.query(`select fencepost.guard($1, $2, 'default', $3)`, [name, token, session])
const backendsOf = async (name: string) => {
  const { rows } = await admin.query<{ backend: number }>('select backend from fencepost.who($1)', [name])
  return rows.map(({ backend }) => backend)
}

test('P3: a reader’s guard passes while anybody holds its token, and is refused from the last release on', async () => {
  const [mine, twin, theirs] = [await fp.lock('a', shared), await fp.lock('a', shared), await other.lock('a', shared)]
  for (const lock of [mine, twin, theirs]) await lock.transaction((tx) => tx.query('select 1'))
  await mine.release()
  await expect(mine.transaction(async () => {})).rejects.toMatchObject({ code: 'LOCK_RELEASED' })
  await twin.transaction((tx) => tx.query('select 1'))
  await twin.release()
  // Nothing has been granted that would exclude it.
  await guard('a', mine.token)
  await theirs.transaction((tx) => tx.query('select 1'))
  await theirs.release()
  await expect(guard('a', mine.token)).rejects.toMatchObject({ code: 'LK001' })
  await using writer = await other.lock('a')
  await expect(guard('a', mine.token)).rejects.toMatchObject({ code: 'LK001' })
  await writer.transaction((tx) => tx.query('select 1'))
})

test('P3: a reader whose session is over is refused, though others hold its token', async () => {
  const dead = await Remote.start(database.url)
  await dead.call('lock', 'b', shared)
  await using kept = await fp.lock('b', shared)
  await dead.call('beginWrite', 'b', 'select 1')
  const theirs = (await fp.who('b')).find((holder) => holder.process === dead.pid)
  await admin.query('select pg_terminate_backend($1, 5000)', [theirs?.backend])
  await eventually(async () => (await backendsOf('b')).length === 1)
  await expect(dead.call('guard', 'b')).rejects.toMatchObject({ code: 'STALE_TOKEN', cause: 'LK001' })
  await kept.transaction((tx) => tx.query('select 1'))
  await dead.kill()
})

test('P3: zombie readers do not take each other, nor a new reader, for a holder of their dead token', async () => {
  const [one, two] = [await admin.connect(), await admin.connect()]
  for (let round = 0; round < 300; round++) {
    const { token } = await fp.lock('c', shared, async (lock) => lock)
    const isOpen = round % 2 === 0
    const zombies = [refusalOf(one, token, isOpen), refusalOf(two, token, isOpen)]
    const reader = round % 3 === 0 ? other.lock('c', shared) : null
    expect(await Promise.all(zombies)).toEqual(['LK001', 'LK001'])
    await (await reader)?.release()
  }
  for (const client of [one, two]) client.release()
})

test('P3: the first reader after a dead exclusive holder waits for its guarded transaction, and sees its effects (H1)', async () => {
  await admin.query('create table effects (who text)')
  await using writer = await Remote.start(database.url)
  await writer.call('lock', 'd')
  await writer.call('beginWrite', 'd', `insert into effects values ('in flight')`)
  await writer.call('guard', 'd')
  await admin.query('select pg_terminate_backend($1, 5000)', await backendsOf('d'))
  await eventually(async () => (await backendsOf('d')).length === 0)

  expect(await fp.tryLock('d', shared)).toBeNull()
  const reading = fp.lock('d', shared)
  await untilWatching(admin, 'one')
  // Not the first, but nobody holds the token yet.
  const behind = other.lock('d', shared)
  await untilInLine(admin, 'd', 2)
  await writer.call('commit', 'd')
  for (const lock of [await reading, await behind]) {
    const seen = await lock.transaction((tx) => tx.query('select who from effects'))
    expect(seen.rows).toEqual([{ who: 'in flight' }])
    await lock.release()
  }
})

test('P3: a writer waits for the guarded transaction of a reader that has let go, and sees its effects', async () => {
  await admin.query('create table more_effects (who text)')
  await using reader = await Remote.start(database.url)
  await reader.call('lock', 'e', shared)
  await reader.call('beginWrite', 'e', `insert into more_effects values ('reader')`)
  await reader.call('guard', 'e')
  await reader.call('release', 'e')
  expect(await fp.tryLock('e')).toBeNull()
  const writing = fp.lock('e')
  await untilWatching(admin, 'one')
  await reader.call('commit', 'e')
  await using lock = await writing
  const seen = await lock.transaction((tx) => tx.query('select who from more_effects'))
  expect(seen.rows).toEqual([{ who: 'reader' }])
})

test('P3: a frozen reader wakes after a writer was granted, and its commit is refused', async () => {
  await admin.query('create table late_effects (who text)')
  await using zombie = await Remote.start(database.url, { freezeTimeout: '1s' })
  await zombie.call('lock', 'f', shared)
  await zombie.call('beginWrite', 'f', `insert into late_effects values ('zombie')`)
  zombie.freeze()
  await using writer = await fp.lock('f')
  zombie.thaw()
  await expect(zombie.call('guard', 'f')).rejects.toMatchObject({ code: 'STALE_TOKEN', cause: 'LK001' })
  await expect(zombie.call('write', 'f', `insert into late_effects values ('zombie')`)).rejects.toMatchObject({
    code: 'STALE_TOKEN',
  })
  await writer.transaction((tx) => tx.query('select 1'))
  await zombie.kill()
  expect((await admin.query('select from late_effects')).rowCount).toBe(0)
})

test('in a tick that fails for want of room, each reader is granted or refused for itself, and nothing is left (H20)', async () => {
  await using server = await ownServer({ max_locks_per_transaction: '10', max_connections: '10' })
  await using reader = fencepost(server.url)
  const client = new pg.Client(server.url)
  await client.connect()
  const advisory = async () => (await client.query('select from fencepost.held_keys()')).rowCount ?? 0
  await (await reader.lock('first', shared)).release()
  const before = await advisory()
  // Somebody else uses up the table, after our process has looked how much room there is.
  const filler = new pg.Client(server.url)
  await filler.connect()
  await filler.query('select pg_advisory_lock(n) from generate_series(1, 100000) as n').catch(() => {})
  await filler.query('select pg_advisory_unlock(n) from generate_series(1, 20) as n')

  const results = await Promise.allSettled(Array.from({ length: 16 }, (_, i) => reader.tryLock(`name ${i}`, shared)))
  const granted = results.flatMap((result) => (result.status === 'fulfilled' && result.value ? [result.value] : []))
  const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : []))
  expect(granted.length + refused.length).toBe(16)
  expect(granted).not.toEqual([])
  expect(new Set(refused)).toEqual(new Set(['OUT_OF_LOCKS']))
  await filler.end()
  await eventually(async () => (await advisory()) === before + 2 * granted.length)
  await Promise.all(granted.map((lock) => lock.release()))
  expect(await advisory()).toBe(before)
  await client.end()
})

/** The SQLSTATE of a guard that fails. */
async function refusalOf(client: pg.PoolClient, token: number, isOpen: boolean): Promise<string | undefined> {
  if (isOpen) await client.query('begin')
  const failed = await client.query(`select fencepost.guard('c', $1)`, [token]).catch((error: unknown) => error)
  if (isOpen) await client.query('rollback')
  return (failed as { code?: string }).code
}
