import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { deferred } from '../support/deferred.ts'

const database = await cloneDatabase()
const fp = fencepost(database.url)
const other = fencepost(database.url)
afterAll(async () => {
  await fp.close()
  await other.close()
  await database[Symbol.asyncDispose]()
})

test('a callback that would wait for itself is told at once, and goes on holding what it holds', async () => {
  await fp.lock('a', async (lock) => {
    await expect(fp.lock('a')).rejects.toMatchObject({ code: 'DEADLOCK', lockName: 'a', ring: [] })
    await expect(fp.lock('a', async () => {})).rejects.toThrow(/pass \{ reentrant: true \}/)
    await expect(fp.lockAll(['b', 'a'])).rejects.toMatchObject({ code: 'DEADLOCK' })
    expect(await fp.tryLock('a')).toBeNull()
    expect(lock.signal.aborted).toBe(false)
    expect(await other.tryLock('a')).toBeNull()
  })
  await using free = await other.tryLock('a')
  expect(free).not.toBeNull()
  await using rest = await other.tryLock('b')
  expect(rest).not.toBeNull()
})

test('a reentrant callback has the same token, and the lock is let go of when the last has ended', async () => {
  const inner = deferred()
  let going: Promise<void> = Promise.resolve()
  await fp.lock('c', async (lock) => {
    await fp.lock('c', { reentrant: true }, async (again) => expect(again.token).toBe(lock.token))
    await fp.tryLock('c', { reentrant: true }, async (again) => expect(again.token).toBe(lock.token))
    // Nobody waits for this one, and it goes on after the callback it was started in.
    going = fp.lock('c', { reentrant: true }, async () => await inner.promise)
  })
  expect(await other.tryLock('c')).toBeNull()
  inner.resolve()
  await going
  await using free = await other.tryLock('c')
  expect(free).not.toBeNull()
})

test('what is started in a callback and outlives it holds nothing', async () => {
  const over = deferred()
  let late: Promise<unknown> = Promise.resolve()
  await fp.lock('d', async () => {
    late = over.promise.then(() => fp.lock('d', { reentrant: true }, async (lock) => lock.token))
  })
  await using lock = await fp.lock('d')
  over.resolve()
  // It is a stranger now, and waits like one.
  const first = await Promise.race([late, other.tryLock('d')])
  expect(first).toBeNull()
  await lock.release()
  expect(await late).toBeGreaterThan(lock.token)
})

test('a request served while a leader holds a lock by its handle does not hold it (H13)', async () => {
  await using leader = await fp.lock('indexer')
  const request = async () => await fp.tryLock('indexer', { reentrant: true }, async () => 'held')
  expect(await request()).toBeNull()
  expect(leader.signal.aborted).toBe(false)
})

test('calls side by side in one callback exclude each other, unless they are reentrant (H13)', async () => {
  let inside = 0
  let most = 0
  const enter = async () => {
    most = Math.max(most, ++inside)
    await new Promise((resolve) => setImmediate(resolve))
    inside--
  }
  await fp.lock('e', async () => {
    await Promise.all([fp.lock('f', enter), fp.lock('f', enter), fp.lock('f', enter)])
  })
  expect(most).toBe(1)
})

test('shared is not made exclusive, and exclusive may be entered as shared', async () => {
  await fp.lock('g', { shared: true }, async () => {
    const upgrade = fp.lock('g', { reentrant: true }, async () => {})
    await expect(upgrade).rejects.toMatchObject({ code: 'DEADLOCK' })
    await expect(fp.tryLock('g', { reentrant: true }, async () => {})).rejects.toMatchObject({ code: 'DEADLOCK' })
  })
  const mode = await fp.lock('g', async () =>
    fp.lock('g', { shared: true, reentrant: true }, async (lock) => lock.mode),
  )
  expect(mode).toBe('exclusive')
})

test('a lost lock is not entered again, and the error of the work comes through', async () => {
  const lost = fp.lock('h', async (lock) => {
    const { rows } = await database.admin.query<{ backend: number }>(`select backend from fencepost.who('h')`)
    const told = new Promise((resolve) => lock.signal.addEventListener('abort', resolve))
    await database.admin.query('select pg_terminate_backend($1, 5000)', [rows[0]?.backend])
    await told
    await expect(fp.lock('h', { reentrant: true }, async () => {})).rejects.toMatchObject({ code: 'LOCK_LOST' })
    throw new Error('of the work')
  })
  await expect(lost).rejects.toThrow('of the work')
})
