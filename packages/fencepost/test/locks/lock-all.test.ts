import { type Fencepost, fencepost, keyOf, type LockTimeoutError } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { Remote } from '../support/remote.ts'

const database = await cloneDatabase()
const fp = fencepost(database.url)
const other = fencepost(database.url)
afterAll(async () => {
  await fp.close()
  await other.close()
  await database[Symbol.asyncDispose]()
})
const free = async (name: string) => {
  await using lock = await other.tryLock(name)
  return lock !== null
}

test('several are taken together, a name given twice once, and let go of together', async () => {
  const both = await fp.lockAll(['a', 'b', 'a'])
  expect(both.names.toSorted()).toEqual(['a', 'b'])
  expect([await free('a'), await free('b')]).toEqual([false, false])
  await both.release()
  await both.release()
  expect([await free('a'), await free('b')]).toEqual([true, true])
})

test('all or none: a timeout gives back what was taken, and names the one that was not', async () => {
  await using held = await other.lock('d')
  const timedOut = await fp.lockAll(['c', 'd', 'e'], { wait: '200ms' }).catch((error: unknown) => error)
  expect(timedOut).toMatchObject({ code: 'LOCK_TIMEOUT', lockName: held.name })
  expect([await free('c'), await free('e')]).toEqual([true, true])
})

test('a timeout counts the whole wait, not only that for the last name', async () => {
  const [first = '', last = ''] = ['s', 't'].toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  const held = await other.lock(first)
  await using _ = await other.lock(last)
  using _waiting = fp.on('waiting', ({ name }) => void (name === first && held.release()))
  const timedOut = await fp.lockAll([first, last], { wait: '500ms' }).catch((error: unknown) => error)
  expect(timedOut).toMatchObject({ code: 'LOCK_TIMEOUT', lockName: last })
  expect((timedOut as LockTimeoutError).waitedMs).toBeGreaterThanOrEqual(499)
})

test('calls that take the same names in another order never wait for each other', async () => {
  await Promise.all([take(fp, ['m', 'n', 'o']), take(other, ['o', 'n', 'm']), take(fp, ['n', 'o', 'm'])])
})

test('P3: a transaction of several commits only while all of them are held', async () => {
  await database.admin.query('create table ledger (note text)')
  const both = await fp.lockAll(['p', 'q'])
  await both.transaction(async (tx) => await tx.query(`insert into ledger values ('held')`))
  await database.admin.query(`select pg_terminate_backend(backend, 5000) from fencepost.who('p')`)
  const refused = await both
    .transaction(async (tx) => await tx.query(`insert into ledger values ('lost')`))
    .catch((error: unknown) => error)
  expect(refused).toMatchObject({ code: 'STALE_TOKEN' })
  expect((await database.admin.query('select note from ledger')).rows).toEqual([{ note: 'held' }])
  expect(both.signal.aborted).toBe(true)
  await both.release()
})

test('P3: the refusal of several names the one that was lost', async () => {
  await using holder = await Remote.start(database.url)
  const client = await database.admin.connect()
  await holder.call('lock', 'busy')
  // One that waits gets a lane, which the other lock does not live on.
  const waits = fp.lockAll(['r', 'busy'])
  await expect
    .poll(async () => (await database.admin.query(`select from fencepost.waiters where name = 'busy'`)).rowCount)
    .toBe(1)
  await holder.call('release', 'busy')
  const both = await waits
  await database.admin.query(`select pg_terminate_backend(backend, 5000) from fencepost.who('busy')`)
  await client.query('begin')
  await expect(both.guard(client)).rejects.toMatchObject({ code: 'STALE_TOKEN', lockName: 'busy' })
  await client.query('rollback')
  const refused = both.transaction(async (tx) => await tx.query('select 1'))
  await expect(refused).rejects.toMatchObject({ code: 'STALE_TOKEN', lockName: 'busy' })
  await both.release()
  client.release()
})

test('wrong names are refused before anything is sent', async () => {
  await expect(fp.lockAll([])).rejects.toThrow(TypeError)
  await expect(fp.lockAll('a' as unknown as string[])).rejects.toThrow(/array of at least one name/)
  await expect(fp.lockAll(['a', ''])).rejects.toThrow(TypeError)
  await expect(fp.lockAll(['a'], { reentrant: true } as object)).rejects.toThrow(/unknown option 'reentrant'/)
})

async function take(one: Fencepost, names: string[]): Promise<void> {
  for (let round = 0; round < 30; round++) await one.lockAll(names, async (all) => expect(all.locks).toHaveLength(3))
}
