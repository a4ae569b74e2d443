import { once } from 'node:events'
import { fencepost, key, type ForeignKey } from 'fencepost'
import { afterAll, afterEach, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { untilInLine, untilWatching } from '../support/waiters.ts'
import { PlainProgram } from './plain-program.ts'

const database = await cloneDatabase()
const { admin } = database
const fp = fencepost(database.url, { application: 'ours' })
const peer = fencepost(database.url, { application: 'peer' })
const other = await PlainProgram.start(database.url, 'other')
afterAll(async () => {
  await Promise.all([fp.close(), peer.close(), other.end()])
  await database[Symbol.asyncDispose]()
})
afterEach(() => other.letGoOfAll())

test('a statement that is cancelled in the wait for the foreign key loses nothing and keeps nothing', async () => {
  const foreign = key.int4(5, 6)
  await other.query('select pg_advisory_lock(5, 6)')
  const waiting = fp.lock(foreign)
  for (let count = 0; count < 20; count++) {
    await untilWatching(admin, 'ours')
    await admin.query(
      `select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'advisory' and datname = current_database() and application_name like 'ours%'`,
    )
  }
  expect(await tryPeer(foreign)).toBe(false)
  await other.query('select pg_advisory_unlock(5, 6)')
  const lock = await waiting
  expect(await other.isFree('5, 6')).toBe(false)
  await lock.release()
  expect(await other.isFree('5, 6')).toBe(true)
})

test('P1: what only one of the two keys stands in the way of is busy, and the other key is free afterwards', async () => {
  const foreign = key.prisma()
  // The name without the key, as nobody should lock it.
  const name = await peer.lock(foreign.name)
  expect(await fp.tryLock(foreign)).toBeNull()
  await expect(fp.lock(foreign, { wait: '1200ms' })).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' })
  await eventually(async () => await other.take('72707369'))
  await name.release()
  expect(await fp.tryLock(foreign)).toBeNull()
  await using free = await peer.lock(foreign.name, { wait: '10s' })
  expect(free.token).toBeGreaterThan(0)
})

test('a holder whose session is ended is told, both keys are free, and its late write is refused', async () => {
  const foreign = key.pgBoss('shop')
  const lock = await peer.lock(foreign)
  const told = once(lock.signal, 'abort')
  await admin.query(
    `select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() and application_name like 'peer%'`,
  )
  await told
  expect(lock.signal.reason).toMatchObject({ code: 'LOCK_LOST', lockName: foreign.name })
  expect(await other.isFree(String(foreign.int8))).toBe(true)
  await expect(lock.transaction(async () => {})).rejects.toMatchObject({ code: 'STALE_TOKEN' })
})

test('a lock on a lane is given back with both keys, and the lane waits for others again', async () => {
  const foreign = key.hashtext('a')
  for (let round = 0; round < 3; round++) {
    await other.query(`select pg_advisory_lock(hashtext('a'))`)
    const waiting = fp.lock(foreign)
    await untilWatching(admin, 'ours')
    await other.query(`select pg_advisory_unlock(hashtext('a'))`)
    await (await waiting).release()
  }
  expect(await other.isFree(`hashtext('a')`)).toBe(true)
})

test('who tells holders of ours and of others, and counts the waiters of both', async () => {
  const foreign = key.kysely()
  expect(await fp.who(foreign)).toEqual([])
  const lock = await fp.lock(foreign)
  expect(await peer.who(foreign)).toMatchObject([{ application: 'ours', token: lock.token }])
  const plain = other.query('select pg_advisory_lock(3853314791062309107)')
  await untilWatching(admin, 'other')
  const ours = peer.lock(foreign)
  await untilWatching(admin, 'peer')
  await expect(fp.lock(foreign, { wait: '50ms' })).rejects.toMatchObject({
    holder: { application: 'ours', token: lock.token },
    waiting: 2,
  })
  await lock.release()
  await plain
  await other.query('select pg_advisory_unlock(3853314791062309107)')
  await (await ours).release()
})

test('lockAll takes names and keys together, all or none; a transaction runs under a key', async () => {
  await other.query('select pg_advisory_lock(72707369)')
  const names = ['x', key.prisma(), key.int4(1, 2), key.int8(72707369n)]
  await expect(fp.lockAll(names, { wait: '300ms' })).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' })
  expect(await other.isFree('1, 2')).toBe(true)
  await other.query('select pg_advisory_unlock_all()')
  await using locks = await fp.lockAll(names, { wait: '10s' })
  expect(locks.locks).toHaveLength(3)
  expect(await other.isFree('72707369')).toBe(false)
  await locks.release()
  const inside = await fp.transaction(key.prisma(), async () => await other.isFree('72707369'))
  expect([inside, await other.isFree('72707369')]).toEqual([false, true])
})

test('a callback that holds a key does not wait for itself, and joins it where it says so', async () => {
  await fp.lock(key.prisma(), async () => {
    await expect(fp.lock(key.int8(72707369))).rejects.toMatchObject({ code: 'DEADLOCK' })
    expect(await fp.lock(key.prisma(), { reentrant: true }, () => other.isFree('72707369'))).toBe(false)
    expect(await other.isFree('72707369')).toBe(false)
  })
  expect(await other.isFree('72707369')).toBe(true)
})

test('evict takes a key away from one of ours, with the foreign one', async () => {
  const foreign = key.rails('evicted')
  const lock = await peer.lock(foreign)
  await fp.evict(foreign, { grace: '10s' })
  expect(lock.signal.aborted).toBe(true)
  expect(await eventually(async () => await other.isFree(String(foreign.int8)))).toBe(true)
})

test('without a lane, the shared session asks again until the foreign holder has let go, and serves others meanwhile', async () => {
  await using single = fencepost(database.url, { maxConnections: 1 })
  await other.query('select pg_advisory_lock(3, 4)')
  const waiting = single.lock(key.int4(3, 4), { wait: '60s' })
  await untilInLine(admin, key.int4(3, 4).name, 1)
  await using beside = await single.lock('beside', { wait: '10s' })
  expect(beside.isReleased).toBe(false)
  await other.query('select pg_advisory_unlock(3, 4)')
  await (await waiting).release()
  expect(await other.isFree('3, 4')).toBe(true)
})

test('who is stolen from, by the name of its lock, lets go of the key too; the thief has the name alone', async () => {
  const foreign = key.int8(77)
  await using lock = await fp.lock(foreign)
  expect(await other.isFree('77')).toBe(false)
  const granted = await peer.locks.request(foreign.name, { steal: true }, async (stolen) => {
    expect(lock.signal.aborted).toBe(true)
    await eventually(() => other.isFree('77'))
    expect(await fp.tryLock(foreign)).toBeNull()
    return stolen.token
  })
  expect(granted).toBeGreaterThan(lock.token)
  await using next = await fp.lock(foreign, { wait: '30s' })
  expect(next.token).toBeGreaterThan(granted)
})

test('fp.locks.query() tells of our lock by its name, and of the foreign key by whose it is', async () => {
  await using lock = await fp.lock(key.prisma())
  const { held } = await fp.locks.query()
  expect(held).toHaveLength(2)
  expect(held.find(({ means }) => means === 'Prisma Migrate')).toMatchObject({ key: 72707369n, application: 'ours' })
  expect(held.find(({ name }) => name === lock.name)).toMatchObject({ token: lock.token, means: null })
})

test('in a schema of another name the functions are found, and the key is the same', async () => {
  await using renamed = fencepost(database.url, { schema: 'other_locks' })
  for (const shared of [false, true]) {
    await using lock = await renamed.lock(key.int4(8, 9), { shared })
    expect(await other.isFree('8, 9')).toBe(false)
    expect(await renamed.who(key.int4(8, 9))).toMatchObject([{ token: lock.token }])
    await lock.release()
  }
  expect(await other.isFree('8, 9')).toBe(true)
})

test('instances of two namespaces, whose own locks never meet, exclude each other by the foreign key', async () => {
  await using elsewhere = fencepost(database.url, { namespace: 'elsewhere' })
  const lock = await elsewhere.lock(key.prisma())
  expect(await fp.tryLock(key.prisma())).toBeNull()
  expect(await fp.who(key.prisma())).toHaveLength(1)
  const waiting = fp.lock(key.prisma(), { wait: '30s' })
  await untilWatching(admin, 'ours')
  await lock.release()
  await (await waiting).release()
})

test('what is neither a name nor a key of ours is refused', async () => {
  for (const wrong of [72707369, { int8: 1n, int4: null, name: 'x' }, null]) {
    await expect(fp.lock(wrong as never)).rejects.toThrow(TypeError)
    await expect(fp.who(wrong as never)).rejects.toThrow(TypeError)
    await expect(fp.transaction(wrong as never, () => {})).rejects.toThrow(TypeError)
  }
})

async function tryPeer(foreign: ForeignKey): Promise<boolean> {
  const lock = await peer.tryLock(foreign)
  await lock?.release()
  return lock !== null
}
