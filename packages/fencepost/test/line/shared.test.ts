import { fencepost, type Lock } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'
import { untilInLine, untilWatching } from '../support/waiters.ts'

const database = await cloneDatabase()
const { admin } = database
afterAll(() => database[Symbol.asyncDispose]())

const shared = { shared: true } as const
const releaseAll = (locks: readonly Lock[]) => Promise.all(locks.map((lock) => lock.release()))

test('P1, P2: any number of readers in any number of processes hold a name together, with one odd token', async () => {
  const fps = Array.from({ length: 3 }, () => fencepost(database.url))
  const remotes = await Promise.all([1, 2].map(() => Remote.start(database.url)))
  const locks = await Promise.all(fps.flatMap((fp) => Array.from({ length: 4 }, () => fp.lock('a', shared))))
  const tokens = await Promise.all(remotes.map((remote) => remote.call<number>('lock', 'a', shared)))
  const all = new Set([...tokens, ...locks.map(({ token }) => token)])
  expect(all.size).toBe(1)
  expect([...all].every((token) => token % 2 === 1)).toBe(true)
  expect(locks.map(({ mode }) => mode)).toEqual(locks.map(() => 'shared'))
  await using other = fencepost(database.url)
  for (const fp of [other, ...fps]) expect(await fp.tryLock('a')).toBeNull()
  await releaseAll(locks)
  expect(await other.tryLock('a')).toBeNull()
  await Promise.all(remotes.map((remote) => remote.call('release', 'a')))
  await using alone = await other.lock('a')
  expect(alone.token).toBeGreaterThan(tokens[0] ?? 0)
  expect(await fps[0]?.tryLock('a', shared)).toBeNull()
  await Promise.all([...fps.map((fp) => fp.close()), ...remotes.map((remote) => remote.kill())])
})

test('P2: tokens rise over exclusive, shared and exclusive holders, whoever they are and however they end', async () => {
  const fps = Array.from({ length: 3 }, () => fencepost(database.url))
  const tokens: number[] = []
  for (let round = 0; round < 12; round++) {
    const lock = await fps[round % 3]?.lock('b', { shared: round % 2 === 1 })
    tokens.push(lock?.token ?? 0)
    if (round % 4 < 2) await lock?.release()
    else await admin.query(`select pg_terminate_backend(backend, 5000) from fencepost.who('b')`)
  }
  expect(tokens).toEqual(tokens.toSorted((one, other) => one - other))
  expect(new Set(tokens).size).toBe(12)
  expect(tokens.map((token) => token % 2)).toEqual(tokens.map((_, i) => i % 2))
  await Promise.all(fps.map((fp) => fp.close()))
})

test('null means busy: readers who try at the same moment are never refused for each other', async () => {
  const fps = Array.from({ length: 4 }, () => fencepost(database.url))
  const read = async (fp: (typeof fps)[number]) => {
    for (let round = 0; round < 150; round++) {
      const lock = await fp.tryLock('c', shared)
      expect(lock).not.toBeNull()
      await lock?.release()
    }
  }
  await Promise.all(fps.map(read))
  await Promise.all(fps.map((fp) => fp.close()))
})

test('a writer that waits is not overtaken by later readers, who are granted together after it', async () => {
  await using one = fencepost(database.url, { application: 'one' })
  await using two = fencepost(database.url)
  await using writer = fencepost(database.url)
  await using remote = await Remote.start(database.url)
  const [first, second] = [await one.lock('d', shared), await two.lock('d', shared)]
  const writing = writer.lock('d')
  await untilInLine(admin, 'd', 1)

  for (const fp of [one, two, writer]) expect(await fp.tryLock('d', shared)).toBeNull()
  expect(await remote.call('tryLock', 'd', shared)).toBeNull()
  const later = [one, two, writer, one].map((fp) => fp.lock('d', shared))
  const last = remote.call<number>('lock', 'd', shared)
  await untilInLine(admin, 'd', 6)
  await releaseAll([first, second])
  const written = await writing
  expect(written.token).toBeGreaterThan(first.token)
  expect(await one.tryLock('d', shared)).toBeNull()

  await written.release()
  // All of them hold it before any lets go.
  const readers = await Promise.all(later)
  const tokens = [...readers.map(({ token }) => token), await last]
  expect(new Set(tokens).size).toBe(1)
  expect(tokens[0]).toBeGreaterThan(written.token)
  await releaseAll(readers)
})

test('readers that come again and again do not keep a writer waiting', async () => {
  const fps = Array.from({ length: 3 }, () => fencepost(database.url))
  await using writer = fencepost(database.url)
  const stop = new AbortController()
  const read = async (fp: (typeof fps)[number]) => {
    let count = 0
    for (; !stop.signal.aborted; count++) {
      const lock = await fp.lock('e', shared)
      await fp.who('e')
      await lock.release()
    }
    return count
  }
  // There is hardly a moment in which nobody reads.
  const reading = [...fps, ...fps, ...fps].map(read)
  for (let round = 0; round < 10; round++) await (await writer.lock('e', { wait: '30s' })).release()
  stop.abort()
  for (const count of await Promise.all(reading)) expect(count).toBeGreaterThan(0)
  await Promise.all(fps.map((fp) => fp.close()))
})

test('P4: of three readers one is killed, and the others still keep writers out', async () => {
  const dead = await Remote.start(database.url)
  await using one = fencepost(database.url)
  await using two = fencepost(database.url)
  await using writer = fencepost(database.url)
  await dead.call('lock', 'f', shared)
  const locks = [await one.lock('f', shared), await two.lock('f', shared)]
  await dead.kill()
  await eventually(async () => (await writer.who('f')).length === 2)
  expect(await writer.tryLock('f')).toBeNull()
  await locks[0]?.release()
  expect(await writer.tryLock('f')).toBeNull()
  const writing = writer.lock('f', { wait: '20s' })
  await untilInLine(admin, 'f', 1)
  await locks[1]?.release()
  await (await writing).release()
})

test('P5, P8: a reader whose session is ended is told, releasing twice frees nothing of others', async () => {
  await using one = fencepost(database.url)
  await using two = fencepost(database.url)
  const [lost, twin] = [await one.lock('g', shared), await one.lock('g', shared)]
  const [holder] = await one.who('g')
  const kept = await two.lock('g', shared)
  await twin.release()
  await twin.release()
  await eventually(async () => (await one.who('g')).length === 2)
  await admin.query('select pg_terminate_backend($1, 5000)', [holder?.backend])
  await eventually(async () => lost.signal.aborted)
  expect(kept.signal.aborted).toBe(false)
  await lost.release()
  await lost.release()
  expect(await one.tryLock('g')).toBeNull()
  await using again = await one.lock('g', shared)
  expect(again.token).toBe(kept.token)
  await kept.release()
})

test('one process holds a name on a lane and on its shared session at once, and lets go of each for itself', async () => {
  await using writer = fencepost(database.url)
  await using fp = fencepost(database.url, { application: 'reader' })
  const written = await writer.lock('h')
  const waiting = fp.lock('h', shared)
  await untilWatching(admin, 'reader')
  await written.release()
  const onLane = await waiting
  const beside = await fp.lock('h', shared)
  const twin = await fp.lock('h', shared)
  expect(new Set([onLane, beside, twin].map(({ token }) => token)).size).toBe(1)
  // Those that have been written down by name show one by one.
  const backends = async () => new Set((await writer.who('h')).map(({ backend }) => backend)).size
  expect(await backends()).toBe(2)
  await onLane.release()
  expect(await backends()).toBe(1)
  expect(await writer.tryLock('h')).toBeNull()
  await beside.release()
  expect(await writer.tryLock('h')).toBeNull()
  await twin.release()
  await using alone = await writer.tryLock('h')
  expect(alone?.token).toBeGreaterThan(onLane.token)
})
