import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { Remote } from '../support/remote.ts'

const database = await cloneDatabase()
const { admin } = database
afterAll(() => database[Symbol.asyncDispose]())

const NAMES = 100_000
const AT_ONCE = 500

const rowsOf = async (table: string) =>
  Number((await admin.query(`select count(*) from fencepost.${table}`)).rows[0].count)
const collect = async (most = 1000) =>
  Number((await admin.query('select fencepost.collect_shared_tokens($1) as collected', [most])).rows[0].collected)

test('P2: 100,000 names that are shared once leave a few hundred rows, and tokens go on rising', async () => {
  await using fp = fencepost(database.url)
  await using kept = await fp.lock('kept', { shared: true })
  let last = kept.token
  let most = 0
  for (let done = 0; done < NAMES; done += AT_ONCE) {
    const names = Array.from({ length: AT_ONCE }, (_, i) => `name ${done + i}`)
    const locks = await Promise.all(names.map((name) => fp.lock(name, { shared: true })))
    const tokens = locks.map(({ token }) => token).toSorted((one, other) => one - other)
    expect(tokens[0]).toBeGreaterThan(last)
    expect(new Set(tokens).size).toBe(AT_ONCE)
    last = tokens.at(-1) ?? 0
    await Promise.all(locks.map((lock) => lock.release()))
    most = Math.max(most, await rowsOf('shared_tokens'))
  }
  // 500 are held at once; many more than those were never there.
  expect(most).toBeLessThan(10 * AT_ONCE)
  await using again = await fp.lock('name 0', { shared: true })
  expect(again.token).toBeGreaterThan(last)
  await using joined = await fp.lock('kept', { shared: true })
  expect(joined.token).toBe(kept.token)
  await kept.transaction((tx) => tx.query('select 1'))
  for (const table of ['holders', 'waiters']) expect(await rowsOf(table)).toBeLessThan(10)
})

test('what processes have left behind that died while they shared goes with the sessions that open', async () => {
  while ((await collect()) > 0) continue
  await using dying = await Remote.start(database.url)
  for (let i = 0; i < 60; i++) await dying.call('lock', `of the dead ${i}`, { shared: true })
  expect(await rowsOf('shared_tokens')).toBe(60)
  await dying.kill()
  for (let i = 0; i < 40; i++) {
    await using fp = fencepost(database.url)
    await (await fp.lock('opens')).release()
  }
  expect(await rowsOf('shared_tokens')).toBeLessThan(20)
})

test('a token that is held is never collected, by its own session neither (H9, H12)', async () => {
  await using fp = fencepost(database.url)
  await using other = fencepost(database.url)
  const locks = await Promise.all(Array.from({ length: 150 }, (_, i) => fp.lock(`held ${i}`, { shared: true })))
  // By the session that holds them all, as it comes to a hundred; by another's; and by one that holds half of them itself.
  await Promise.all(
    Array.from({ length: 150 }, async (_, i) => (await fp.lock(`once ${i}`, { shared: true })).release()),
  )
  const joined = await Promise.all(locks.slice(75).map(({ name }) => other.lock(name, { shared: true })))
  await Promise.all(
    Array.from({ length: 150 }, async (_, i) => (await other.lock(`twice ${i}`, { shared: true })).release()),
  )
  for (let i = 0; i < 10; i++) await collect()
  await using third = fencepost(database.url)
  for (const { name, token } of locks) {
    await using same = await third.lock(name, { shared: true })
    expect(same.token).toBe(token)
  }
  await Promise.all([...locks, ...joined].map((lock) => lock.release()))
  await collect()
  await using next = await third.lock('held 0', { shared: true })
  expect(next.token).toBeGreaterThan(Math.max(...locks.map(({ token }) => token)))
})

test('P3: a token is looked at under the mutex of its name alone: whoever guards or joins would take the look for a holder', async () => {
  await using fp = fencepost(database.url)
  await (await fp.lock('under way', { shared: true })).release()
  const client = await admin.connect()
  const mutex = `fencepost.mutex(fencepost.gate('under way'))`
  const rows = `select from fencepost.shared_tokens where key = fencepost.key('under way')`
  try {
    await client.query(`select pg_advisory_lock(${mutex})`)
    await collect()
    expect((await admin.query(rows)).rowCount).toBe(1)
    await client.query(`select pg_advisory_unlock(${mutex})`)
    await collect()
    expect((await admin.query(rows)).rowCount).toBe(0)
  } finally {
    client.release(true)
  }
})

test('P3: a reader whose row was collected after it was superseded is refused', async () => {
  await using zombie = await Remote.start(database.url, { freezeTimeout: '1s' })
  await using fp = fencepost(database.url)
  await zombie.call('lock', 'read', { shared: true })
  zombie.freeze()
  await using writer = await fp.lock('read')
  for (let i = 0; i < 5; i++) await collect()
  zombie.thaw()
  await expect(zombie.call('write', 'read', 'select 1')).rejects.toMatchObject({ code: 'STALE_TOKEN' })
  await writer.transaction((tx) => tx.query('select 1'))
})

test('P1, P2: while names are shared and locked by turns, collecting them all the time does no harm and finds nobody busy', async () => {
  const stop = new AbortController()
  const collecting = Promise.all(
    [1, 2].map(async () => {
      let collected = 0
      while (!stop.signal.aborted) collected += await collect(50)
      return collected
    }),
  )
  const last = new Map<string, number>()
  const turns = async (seed: number) => {
    await using fp = fencepost(database.url)
    for (let i = 0; i < 400; i++) {
      const name = `turn ${(i * 7 + seed) % 5}`
      await using lock = await fp.lock(name, { shared: i % 3 !== 0, wait: '30s' })
      if (lock.mode === 'exclusive') {
        expect(lock.token).toBeGreaterThan(last.get(name) ?? 0)
        last.set(name, lock.token)
      } else expect(lock.token).toBeGreaterThanOrEqual(last.get(name) ?? 0)
      await lock.transaction((tx) => tx.query('select 1'))
      // Nobody else has this name: it is free each time.
      await using mine = await fp.tryLock(`mine ${seed}`, { shared: i % 2 === 0 })
      expect(mine).not.toBeNull()
    }
  }
  try {
    await Promise.all([1, 2, 3].map(turns))
  } finally {
    stop.abort()
  }
  expect((await collecting).reduce((sum, collected) => sum + collected, 0)).toBeGreaterThan(0)
})
