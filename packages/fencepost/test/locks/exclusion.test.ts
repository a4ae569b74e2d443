import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { Remote } from '../support/remote.ts'

const database = await cloneDatabase()
afterAll(() => database[Symbol.asyncDispose]())

test('P1: while one process holds a name, no other gets it, and it gets another name', async () => {
  await using other = await Remote.start(database.url)
  await using fp = fencepost(database.url)
  await using lock = await fp.lock('a')
  expect(await other.call('tryLock', 'a')).toBeNull()
  expect(await other.call('tryLock', 'b')).toBeGreaterThan(0)
  await lock.release()
  expect(await other.call('tryLock', 'a')).toBeGreaterThan(lock.token)
})

test('P1: one process does not get a name twice, though its backend would let it', async () => {
  await using fp = fencepost(database.url)
  await using lock = await fp.lock('a')
  expect(await fp.tryLock('a')).toBeNull()
  const next = fp.lock('a')
  await lock.release()
  expect((await next).token).toBeGreaterThan(lock.token)
})

test('P1: a plain pg_advisory_lock on the key excludes us and is excluded', async () => {
  await using fp = fencepost(database.url)
  const client = await database.admin.connect()
  const attempt = async () => (await client.query(`select pg_try_advisory_lock(fencepost.key('raw')) as is`)).rows[0].is
  try {
    await using lock = await fp.lock('raw')
    expect(await attempt()).toBe(false)
    await lock.release()
    expect(await attempt()).toBe(true)
    expect(await fp.tryLock('raw')).toBeNull()
  } finally {
    client.release(true)
  }
})

test('P1: the same name in two namespaces is two locks', async () => {
  await using one = fencepost(database.url, { namespace: 'one' })
  await using two = fencepost(database.url, { namespace: 'two' })
  await using first = await one.lock('a')
  await using second = await two.lock('a')
  await first.transaction(async () => {})
  await second.transaction(async () => {})
})

interface Round {
  readonly token: number
  readonly invokedAt: number
  readonly grantedAt: number
  /** When COMMIT was answered; the lock was released after it. */
  readonly committedAt: number
}

test('P1, P2, P3: 4 processes count to 800 under one name, and the history of every grant and commit is in order', async () => {
  await database.admin.query('create table counter (n integer); insert into counter values (0)')
  await database.admin.query('create table effects (id serial, token bigint, n integer)')
  const remotes = await Promise.all(Array.from({ length: 4 }, () => Remote.start(database.url)))
  const histories = await Promise.all(remotes.map((remote) => remote.call<Round[]>('count', 'counter', 200)))
  await Promise.all(remotes.map((remote) => remote.kill()))

  expect((await database.admin.query('select n from counter')).rows).toEqual([{ n: 800 }])
  const rounds = histories.flat().toSorted((one, other) => one.token - other.token)
  expect(new Set(rounds.map(({ token }) => token)).size).toBe(800)
  rounds.slice(1).forEach((round, i) => {
    const before = rounds[i] as Round
    // What had been granted before this one was asked for has a smaller token; nothing was committed after a later grant.
    expect(before.invokedAt).toBeLessThan(round.grantedAt)
    expect(before.committedAt).toBeLessThan(round.committedAt)
    expect(before.committedAt).toBeLessThan(round.grantedAt)
  })
  for (const round of rounds) {
    const later = rounds.filter(({ token }) => token > round.token)
    expect(later.every(({ grantedAt }) => grantedAt > round.grantedAt)).toBe(true)
  }
  const { rows } = await database.admin.query<{ token: string; n: number }>('select token, n from effects order by id')
  expect(rows.map(({ n }) => n)).toEqual(Array.from({ length: 800 }, (_, i) => i + 1))
  expect(rows.map(({ token }) => Number(token))).toEqual(rounds.map(({ token }) => token))
})
