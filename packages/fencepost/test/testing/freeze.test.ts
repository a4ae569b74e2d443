import { type Fencepost, fencepost, LockLostError } from 'fencepost'
import { expire, freeze } from 'fencepost/testing'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { untilInLine } from '../support/waiters.ts'

const database = await cloneDatabase()
const next: Fencepost = fencepost(database.url)
await database.admin.query('create table ledger (entry text)')
afterAll(async () => {
  await next.close()
  await database[Symbol.asyncDispose]()
})

async function entries(): Promise<string[]> {
  const { rows } = await database.admin.query<{ entry: string }>('select entry from ledger order by entry')
  await database.admin.query('truncate ledger')
  return rows.map(({ entry }) => entry)
}

test('expire: the holder is told, another is granted it at once, and what the first still writes is refused (P3, P5)', async () => {
  await using fp = fencepost(database.url)
  const lock = await fp.lock('expired')
  const other = await fp.lock('on the same connection')
  await expire(lock)
  expect(lock.signal.reason).toBeInstanceOf(LockLostError)
  expect(other.signal.reason).toBeInstanceOf(LockLostError)
  await using granted = (await next.tryLock('expired')) ?? undefined
  expect(granted?.token).toBeGreaterThan(lock.token)
  const late = lock.transaction((tx) => tx.query(`insert into ledger values ('late')`))
  await expect(late).rejects.toMatchObject({ code: 'STALE_TOKEN' })
  expect(await entries()).toEqual([])
  await expire(lock)
})

test('freeze: the holder is not told, another is granted it, and the zombie is refused before and after it wakes (P3)', async () => {
  await using fp = fencepost(database.url)
  const lock = await fp.lock('frozen')
  await lock.transaction((tx) => tx.query(`insert into ledger values ('1 in time')`))
  await using frozen = await freeze(lock)
  {
    await using granted = (await next.tryLock('frozen')) ?? undefined
    expect(granted?.token).toBeGreaterThan(lock.token)
    expect(lock.signal.aborted).toBe(false)
    const late = lock.transaction((tx) => tx.query(`insert into ledger values ('2 late')`))
    await expect(late).rejects.toMatchObject({ code: 'STALE_TOKEN' })
    await granted?.transaction((tx) => tx.query(`insert into ledger values ('3 of the next')`))
    expect(lock.signal.aborted).toBe(false)
  }
  await frozen.thaw()
  expect(lock.signal.reason).toMatchObject({ code: 'LOCK_LOST', cause: { code: '57P01' } })
  const later = lock.transaction((tx) => tx.query(`insert into ledger values ('4 late')`))
  await expect(later).rejects.toMatchObject({ code: 'STALE_TOKEN' })
  expect(await entries()).toEqual(['1 in time', '3 of the next'])
  await frozen.thaw()
})

test('P4: a holder that is frozen until freezeTimeout is let go of by the clock of the server, without a word of ours', async () => {
  await using fp = fencepost(database.url, { freezeTimeout: '1s' })
  const lock = await fp.lock('by its clock')
  const frozen = await freeze(lock, { end: 'freezeTimeout' })
  expect(lock.signal.aborted).toBe(false)
  await using granted = (await next.tryLock('by its clock')) ?? undefined
  expect(granted?.token).toBeGreaterThan(lock.token)
  await frozen.thaw()
  expect(lock.signal.reason).toMatchObject({ cause: { code: '57P05' } })
})

test('a transaction that was begun before the freeze is refused at its commit', async () => {
  await using fp = fencepost(database.url)
  const lock = await fp.lock('in the middle')
  const late = lock.transaction(async (tx) => {
    await tx.query(`insert into ledger values ('begun in time')`)
    await using frozen = await freeze(lock)
    await next.lock('in the middle', () => {})
    await frozen.thaw()
  })
  await expect(late).rejects.toMatchObject({ code: 'STALE_TOKEN' })
  expect(await entries()).toEqual([])
})

test('what the frozen instance asks for waits until it is thawed; its next lock is granted on a new connection', async () => {
  await using fp = fencepost(database.url)
  const frozen = await freeze(await fp.lock('asked before'))
  let isGranted = false
  const asked = fp.lock('asked while frozen').then((lock) => {
    isGranted = true
    return lock
  })
  // The other instance has long had its answer when this one has none.
  await next.lock('of another instance', () => {})
  expect(isGranted).toBe(false)
  await frozen.thaw()
  await using lock = await asked
  expect((await fp.who('asked while frozen')).map(({ token }) => token)).toEqual([lock.token])
})

test('a lock that was waited for is on a connection of its own, and only that is frozen', async () => {
  await using fp = fencepost(database.url)
  await using other = await fp.lock('on the shared connection')
  const before = await next.lock('waited for')
  const asked = fp.lock('waited for')
  await untilInLine(database.admin, 'waited for', 1)
  // The first of the line watches on a lane by now, or will.
  await untilOnLane()
  await before.release()
  const lock = await asked
  await using frozen = await freeze(lock)
  await using granted = (await next.tryLock('waited for')) ?? undefined
  expect(granted).toBeDefined()
  await other.transaction((tx) => tx.query(`insert into ledger values ('of the other')`))
  expect(await entries()).toEqual(['of the other'])
  await frozen.thaw()
  expect(lock.signal.aborted).toBe(true)
  expect(other.signal.aborted).toBe(false)
})

async function untilOnLane(): Promise<void> {
  const text = `select from pg_stat_activity where wait_event = 'advisory' and datname = current_database()`
  while ((await database.admin.query(text)).rowCount === 0) await new Promise((resolve) => setTimeout(resolve, 5))
}

test('several that are held together are frozen together', async () => {
  await using fp = fencepost(database.url)
  const both = await fp.lockAll(['one', 'other'])
  await using frozen = await freeze(both)
  await using granted = await next.lockAll(['one', 'other'], { wait: '5s' })
  expect(granted.locks).toHaveLength(2)
  expect(both.signal.aborted).toBe(false)
  await frozen.thaw()
  expect(both.signal.aborted).toBe(true)
})

test('what is frozen already has to be thawed before it is frozen or ended again', async () => {
  await using fp = fencepost(database.url)
  const [one, other] = [await fp.lock('frozen once'), await fp.lock('on the same')]
  await using frozen = await freeze(one)
  await expect(freeze(other)).rejects.toThrow('frozen already: thaw it first')
  await expect(expire(one)).rejects.toThrow('frozen already: thaw it first')
  await frozen.thaw()
  expect(other.signal.aborted).toBe(true)
  await expire(one)
})

test('an instance with a frozen lock can be closed', async () => {
  const fp = fencepost(database.url)
  const frozen = await freeze(await fp.lock('closed'))
  const closed = fp.close()
  await frozen.thaw()
  await closed
})

test('freeze and expire refuse what cannot be right, before anything is sent', async () => {
  await using fp = fencepost(database.url, { freezeTimeout: false })
  const lock = await fp.lock('refused')
  await expect(freeze(lock, { end: 'soon' as 'at once' })).rejects.toThrow("end must be 'at once' or 'freezeTimeout'")
  await expect(freeze(lock, { grace: '1s' } as object)).rejects.toThrow("unknown option 'grace'")
  await expect(freeze(lock, { end: 'freezeTimeout' })).rejects.toThrow(/needs a freezeTimeout/)
  await expect(freeze({} as typeof lock)).rejects.toThrow(TypeError)
  await expect(expire({} as typeof lock)).rejects.toThrow(TypeError)
  expect(lock.signal.aborted).toBe(false)
  await lock.release()
  await expect(freeze(lock)).rejects.toThrow('only a lock that is held can be frozen')
})
