import { once } from 'node:events'
import { fencepost, key, type ForeignKey } from 'fencepost'
import pg from 'pg'
import { afterAll, afterEach, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { untilInLine, untilWatching } from '../support/waiters.ts'

const database = await cloneDatabase()
const { admin } = database
const fp = fencepost(database.url, { application: 'ours' })
const peer = fencepost(database.url, { application: 'peer' })
const other = new pg.Client({ connectionString: database.url, application_name: 'other' })
await other.connect()
afterAll(async () => {
  await Promise.all([fp.close(), peer.close(), other.end()])
  await database[Symbol.asyncDispose]()
})
afterEach(async () => {
  await other.query('select pg_advisory_unlock_all()')
})

const KEYS: [args: string, key: ForeignKey][] = [
  ['5939944341529942170', key.rails('shop')],
  ['-7', key.int8(-7)],
  ['69980848, 0', key.withAdvisoryLock('nightly-report')],
  ['-1, -2', key.int4(-1, -2)],
]

test.each(KEYS)('a plain pg_try_advisory_lock(%s) and ours exclude each other, both ways', async (args, foreign) => {
  const lock = await fp.lock(foreign)
  expect(await isFree(args)).toBe(false)
  expect(lock.token).toBeGreaterThan(0)
  await lock.transaction((tx) => tx.query('select 1'))
  await lock.release()
  expect(await take(args)).toBe(true)
  expect(await fp.tryLock(foreign)).toBeNull()
  await expect(fp.lock(foreign, { wait: '50ms' })).rejects.toMatchObject({
    code: 'LOCK_TIMEOUT',
    holder: { application: 'other', token: null },
  })
  await other.query(`select pg_advisory_unlock(${args})`)
  await using next = await fp.tryLock(foreign)
  expect(next?.token).toBeGreaterThan(lock.token)
})

test.each(KEYS)(
  'shared, pg_try_advisory_lock_shared(%s) comes in and pg_try_advisory_lock does not',
  async (args, foreign) => {
    const first = await fp.lock(foreign, { shared: true })
    const second = await fp.lock(foreign, { shared: true })
    await using third = await peer.lock(foreign, { shared: true, wait: '10s' })
    expect([second.token, third.token]).toEqual([first.token, first.token])
    await first.release()
    await third.release()
    expect(await isFree(args)).toBe(false)
    expect(await ask(`select pg_try_advisory_lock_shared(${args})`)).toBe(true)
    await second.release()
    expect(await fp.tryLock(foreign)).toBeNull()
    const joined = await fp.tryLock(foreign, { shared: true })
    expect(joined).not.toBeNull()
    await other.query(`select pg_advisory_unlock_shared(${args})`)
    expect(await isFree(args)).toBe(false)
    await joined?.release()
    expect(await isFree(args)).toBe(true)
  },
)

test.each(KEYS)(
  'who waits in the server for %s is granted it at the release, before those of ours who wait',
  async (args, foreign) => {
    const lock = await fp.lock(foreign)
    const granted = other.query(`select pg_advisory_lock(${args})`)
    await untilWatching(admin, 'other')
    const ours = peer.lock(foreign, { wait: '60s' })
    await untilInLine(admin, foreign.name, 1)
    await lock.release()
    await granted
    expect((await fp.who(foreign)).map(({ application }) => application)).toEqual(['other'])
    await other.query(`select pg_advisory_unlock(${args})`)
    await using next = await ours
    expect(next.token).toBeGreaterThan(lock.token)
  },
)

test.each(KEYS)(
  'ours wait for a foreign holder of %s on a lane, in their order, and nothing else waits with them',
  async (args, foreign) => {
    await other.query(`select pg_advisory_lock(${args})`)
    const order: string[] = []
    const first = fp.lock(foreign).then((lock) => (order.push('first'), lock))
    await untilWatching(admin, 'ours')
    const second = peer.lock(foreign).then((lock) => (order.push('second'), lock))
    await untilInLine(admin, foreign.name, 2)
    await using beside = await fp.lock('beside', { wait: '10s' })
    expect(beside.token).toBeGreaterThan(0)
    await other.query(`select pg_advisory_unlock(${args})`)
    await (await first).release()
    await (await second).release()
    expect(order).toEqual(['first', 'second'])
    expect(await isFree(args)).toBe(true)
  },
)

test.each(KEYS)(
  'a wait for %s that is cut off leaves neither key nor ticket, here and in the server',
  async (args, foreign) => {
    await other.query(`select pg_advisory_lock(${args})`)
    const waiting = fp.lock(foreign, { signal: AbortSignal.timeout(300) })
    await expect(waiting).rejects.toMatchObject({ name: 'TimeoutError' })
    await other.query(`select pg_advisory_unlock(${args})`)
    await untilInLine(admin, foreign.name, 0)
    expect(await advisoryLocksOf('ours')).toEqual(0)
    expect(await isFree(args)).toBe(true)
  },
)

test('a statement that is cancelled in the wait for the foreign key loses nothing and keeps nothing', async () => {
  const foreign = key.int4(5, 6)
  await other.query('select pg_advisory_lock(5, 6)')
  const waiting = fp.lock(foreign)
  for (let count = 0; count < 20; count++) {
    await untilWatching(admin, 'ours')
    await admin.query(
      `select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'advisory' and application_name like 'ours%'`,
    )
  }
  expect(await tryPeer(foreign)).toBe(false)
  await other.query('select pg_advisory_unlock(5, 6)')
  const lock = await waiting
  expect(await isFree('5, 6')).toBe(false)
  await lock.release()
  expect(await isFree('5, 6')).toBe(true)
})

test('P1: what only one of the two keys stands in the way of is busy, and the other key is free afterwards', async () => {
  const foreign = key.prisma()
  // The name without the key, as nobody should lock it.
  const name = await peer.lock(foreign.name)
  expect(await fp.tryLock(foreign)).toBeNull()
  await expect(fp.lock(foreign, { wait: '1200ms' })).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' })
  await eventually(async () => await take('72707369'))
  await name.release()
  expect(await fp.tryLock(foreign)).toBeNull()
  await using free = await peer.lock(foreign.name, { wait: '10s' })
  expect(free.token).toBeGreaterThan(0)
})

test('a holder whose session is ended is told, both keys are free, and its late write is refused', async () => {
  const foreign = key.pgBoss('shop')
  const lock = await peer.lock(foreign)
  const told = once(lock.signal, 'abort')
  await admin.query(`select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name like 'peer%'`)
  await told
  expect(lock.signal.reason).toMatchObject({ code: 'LOCK_LOST', lockName: foreign.name })
  expect(await isFree(String(foreign.int8))).toBe(true)
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
  expect(await isFree(`hashtext('a')`)).toBe(true)
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
  expect(await isFree('1, 2')).toBe(true)
  await other.query('select pg_advisory_unlock_all()')
  await using locks = await fp.lockAll(names, { wait: '10s' })
  expect(locks.locks).toHaveLength(3)
  expect(await isFree('72707369')).toBe(false)
  await locks.release()
  const inside = await fp.transaction(key.prisma(), async () => await isFree('72707369'))
  expect([inside, await isFree('72707369')]).toEqual([false, true])
})

test('a callback that holds a key does not wait for itself, and joins it where it says so', async () => {
  await fp.lock(key.prisma(), async () => {
    await expect(fp.lock(key.int8(72707369))).rejects.toMatchObject({ code: 'DEADLOCK' })
    expect(await fp.lock(key.prisma(), { reentrant: true }, () => isFree('72707369'))).toBe(false)
    expect(await isFree('72707369')).toBe(false)
  })
  expect(await isFree('72707369')).toBe(true)
})

test('evict takes a key away from one of ours, with the foreign one', async () => {
  const foreign = key.rails('evicted')
  const lock = await peer.lock(foreign)
  await fp.evict(foreign, { grace: '10s' })
  expect(lock.signal.aborted).toBe(true)
  expect(await eventually(async () => await isFree(String(foreign.int8)))).toBe(true)
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

test('P1: of many who lock one key, by us and by plain SQL, waiting in the server or asking again, one at a time is inside', async () => {
  const foreign = key.int4(77, 78)
  const [plain, asking] = [new pg.Client(database.url), new pg.Client(database.url)]
  await Promise.all([plain.connect(), asking.connect()])
  const entered = { ours: 0, plain: 0, asking: 0 }
  let inside = 0
  const enter = async (who: keyof typeof entered) => {
    expect(++inside).toBe(1)
    await admin.query('select 1')
    expect(--inside).toBe(0)
    entered[who]++
  }
  const ours = [fp, peer, fp, peer, fp, peer].map(async (one) => {
    for (let round = 0; round < 15; round++) await one.lock(foreign, () => enter('ours'))
  })
  const waiting = async () => {
    for (let round = 0; round < 15; round++) {
      await plain.query('select pg_advisory_lock(77, 78)')
      await enter('plain')
      await plain.query('select pg_advisory_unlock(77, 78)')
    }
  }
  const polling = async () => {
    while (entered.asking < 3) {
      const { rows } = await asking.query<{ granted: boolean }>('select pg_try_advisory_lock(77, 78) as granted')
      if (rows[0]?.granted !== true) continue
      await enter('asking')
      await asking.query('select pg_advisory_unlock(77, 78)')
    }
  }
  await Promise.all([...ours, waiting(), polling()])
  await Promise.all([plain.end(), asking.end()])
  expect(entered).toEqual({ ours: 90, plain: 15, asking: 3 })
}, 60_000)

test('what is neither a name nor a key of ours is refused', async () => {
  for (const wrong of [72707369, { int8: 1n, int4: null, name: 'x' }, null]) {
    await expect(fp.lock(wrong as never)).rejects.toThrow(TypeError)
    await expect(fp.who(wrong as never)).rejects.toThrow(TypeError)
    await expect(fp.transaction(wrong as never, () => {})).rejects.toThrow(TypeError)
  }
})

/** As another program would, which keeps it. */
async function take(args: string): Promise<boolean> {
  return await ask(`select pg_try_advisory_lock(${args})`)
}

async function isFree(args: string): Promise<boolean> {
  const granted = await take(args)
  if (granted) await other.query(`select pg_advisory_unlock(${args})`)
  return granted
}

async function tryPeer(foreign: ForeignKey): Promise<boolean> {
  const lock = await peer.tryLock(foreign)
  await lock?.release()
  return lock !== null
}

async function ask(text: string): Promise<boolean> {
  const { rows } = await other.query<[boolean]>({ text, rowMode: 'array' })
  return rows[0]?.[0] ?? false
}

/** Besides the keys by which their sessions are known. */
async function advisoryLocksOf(application: string): Promise<number> {
  const { rowCount } = await admin.query(
    `select from pg_locks join pg_stat_activity using (pid)
     where locktype = 'advisory' and application_name like $1 || '%'
       and (objsubid = 2 or not exists (select from fencepost.sessions where session = (classid::bigint << 32) | objid::bigint))`,
    [application],
  )
  return rowCount ?? 0
}
