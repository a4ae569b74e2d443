import { once } from 'node:events'
import { fencepost, type Fencepost, type Lock } from 'fencepost'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { untilWatching } from '../support/waiters.ts'

const database = await cloneDatabase()
const { admin } = database
const holder = fencepost(database.url, { application: 'holder' })
afterAll(async () => {
  await holder.close()
  await database[Symbol.asyncDispose]()
})

const MODES = [{ shared: false }, { shared: true }] as const

/** A lock that was granted where it was waited for, and something held on the shared session beside it. */
async function onLane(
  fp: Fencepost,
  name: string,
  mode: (typeof MODES)[number],
): Promise<{ lock: Lock; beside: Lock }> {
  const beside = await fp.lock(`${name} beside`)
  const before = await holder.lock(name)
  const waiting = fp.lock(name, mode)
  await untilWatching(admin, 'waiter')
  await before.release()
  const lock = await waiting
  expect(await backendOf(name)).not.toBe(await backendOf(`${name} beside`))
  return { lock, beside }
}

test.each(MODES)(
  'H24: a lock granted on a lane (shared: $shared) outlives many idle limits of its connection',
  async (mode) => {
    const name = `a ${mode.shared}`
    await using fp = fencepost(database.url, { application: 'waiter', freezeTimeout: '1s' })
    const { lock, beside } = await onLane(fp, name, mode)
    await beside.release()
    const { rows } = await admin.query<{ now: Date }>('select clock_timestamp() as now')
    await eventually(async () => {
      const later = await admin.query<{ now: Date }>('select clock_timestamp() as now')
      return Number(later.rows[0]?.now) - Number(rows[0]?.now) > 3000
    })
    expect(lock.signal.aborted).toBe(false)
    await lock.transaction((tx) => tx.query('select 1'))
    expect(await holder.tryLock(name)).toBeNull()
    await lock.release()
    await using next = await holder.tryLock(name)
    expect(next?.token).toBeGreaterThan(lock.token)
  },
)

test.each(MODES)(
  'H24: a lock on a lane (shared: $shared) is told when that connection ends, and refused; no other is',
  async (mode) => {
    const name = `b ${mode.shared}`
    await using fp = fencepost(database.url, { application: 'waiter' })
    const { lock, beside } = await onLane(fp, name, mode)
    const told = once(lock.signal, 'abort')
    await admin.query('select pg_terminate_backend($1, 5000)', [await backendOf(name)])
    await told
    expect(lock.signal.reason).toMatchObject({ code: 'LOCK_LOST', lockName: name })
    expect(beside.signal.aborted).toBe(false)
    await expect(lock.transaction(async () => {})).rejects.toMatchObject({ code: 'STALE_TOKEN' })
    await lock.release()
    await using next = await fp.lock(name, { wait: '20s' })
    expect(next.token).toBeGreaterThan(lock.token)
    await beside.transaction((tx) => tx.query('select 1'))
  },
)

test('H24: a lock on a lane stays when the shared session ends; what that held is told', async () => {
  await using fp = fencepost(database.url, { application: 'waiter' })
  const { lock, beside } = await onLane(fp, 'c', { shared: false })
  const told = once(beside.signal, 'abort')
  await admin.query('select pg_terminate_backend($1, 5000)', [await backendOf('c beside')])
  await told
  expect(lock.signal.aborted).toBe(false)
  await lock.transaction((tx) => tx.query('select 1'))
  // The process knows by itself what it holds, whichever session holds it.
  expect(await fp.tryLock('c')).toBeNull()
  expect(await fp.tryLock('c', { shared: true })).toBeNull()
  const next = fp.lock('c')
  await lock.release()
  expect((await next).token).toBeGreaterThan(lock.token)
})

test('H24: a lane is given back with its lock: many locks one after the other need one', async () => {
  await using fp = fencepost(database.url, { application: 'waiter' })
  const backends = new Set<number>()
  for (let round = 0; round < 5; round++) {
    const { lock, beside } = await onLane(fp, `d ${round}`, { shared: false })
    backends.add((await backendOf(`d ${round}`)) ?? 0)
    await Promise.all([lock.release(), beside.release()])
  }
  expect(backends.size).toBe(1)
})

test('H12: what one async context holds, no other of the process gets, and nothing that is asked disturbs it', async () => {
  await using fp = fencepost(database.url)
  await using waiter = fencepost(database.url, { application: 'waiter' })
  await using lock = await fp.lock('e')
  const tries = [() => fp.tryLock('e'), () => fp.tryLock('e', { shared: true })]
  const asks = [() => fp.who('e'), () => fp.locks.query(), ...tries]
  for (const ask of asks)
    await Promise.all([ask(), ...tries.map(async (attempt) => expect(await attempt()).toBeNull())])
  // Its own waiters look at the line, in which its own session stands.
  const [own, theirs] = [fp.lock('e'), waiter.lock('e')]
  await untilWaiting('e', 2)
  await fp.who('e')
  const { rows } = await admin.query<{ alive: boolean; held: boolean }>(`
    select bool_and(fencepost.is_alive(session)) as alive, fencepost.is_held(fencepost.key('e')) as held
    from fencepost.waiters where name = 'e'`)
  expect(rows).toEqual([{ alive: true, held: true }])
  await lock.transaction((tx) => tx.query('select 1'))
  await lock.release()
  await (await own).release()
  await (await theirs).release()

  await using reader = await fp.lock('f', { shared: true })
  expect(await fp.tryLock('f')).toBeNull()
  await using twin = await fp.tryLock('f', { shared: true })
  expect(twin?.token).toBe(reader.token)
})

test('with one connection only, waiters of two processes and of one are all served', async () => {
  const fps = ['one', 'two'].map((application) =>
    fencepost(database.url, { application: `single ${application}`, maxConnections: 1 }),
  )
  const lock = await holder.lock('g')
  let most = 0
  const turn = async (fp: Fencepost) => {
    await using _ = await fp.lock('g', { wait: '60s' })
    most = Math.max(most, ...(await connections('single')))
  }
  const turns = fps.flatMap((fp) => Array.from({ length: 10 }, () => turn(fp)))
  await untilWaiting('g', 20)
  await lock.release()
  await Promise.all(turns)
  expect(most).toBe(1)
  await Promise.all(fps.map((fp) => fp.close()))
})

test('100 locks with a transaction each finish on a pool of 10, and the pool stays usable', async () => {
  const pool = new pg.Pool({ connectionString: database.url, max: 10 })
  await using fp = fencepost(pool)
  const results = await Promise.all(
    Array.from({ length: 100 }, (_, i) =>
      fp.lock(`h ${i}`, async (lock) => await lock.transaction(async (tx) => (await tx.query('select 1 as one')).rows)),
    ),
  )
  expect(results).toEqual(Array.from({ length: 100 }, () => [{ one: 1 }]))
  expect(pool.totalCount).toBeLessThanOrEqual(10)
  expect((await pool.query('select 1')).rowCount).toBe(1)
  await pool.end()
})

async function backendOf(name: string): Promise<number | undefined> {
  const { rows } = await admin.query<{ backend: number }>('select backend from fencepost.who($1)', [name])
  return rows[0]?.backend
}

async function untilWaiting(name: string, count: number): Promise<void> {
  await eventually(async () => (await holder.locks.query()).pending.filter((one) => one.name === name).length === count)
}

/** How many connections each application of such a name has. */
async function connections(application: string): Promise<number[]> {
  const { rows } = await admin.query<{ n: number }>(
    `select count(*)::integer as n from pg_stat_activity where application_name like $1 || '%fencepost' group by application_name`,
    [application],
  )
  return rows.map(({ n }) => n)
}
