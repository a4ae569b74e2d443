import { fencepost, key, type ForeignKey } from 'fencepost'
import { afterAll, afterEach, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
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

const KEYS: [args: string, key: ForeignKey][] = [
  ['5939944341529942170', key.rails('shop')],
  ['-7', key.int8(-7)],
  ['69980848, 0', key.withAdvisoryLock('nightly-report')],
  ['-1, -2', key.int4(-1, -2)],
]

test.each(KEYS)('a plain pg_try_advisory_lock(%s) and ours exclude each other, both ways', async (args, foreign) => {
  const lock = await fp.lock(foreign)
  expect(await other.isFree(args)).toBe(false)
  expect(lock.token).toBeGreaterThan(0)
  await lock.transaction((tx) => tx.query('select 1'))
  await lock.release()
  expect(await other.take(args)).toBe(true)
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
    expect(await other.isFree(args)).toBe(false)
    expect(await other.ask(`select pg_try_advisory_lock_shared(${args})`)).toBe(true)
    await second.release()
    expect(await fp.tryLock(foreign)).toBeNull()
    const joined = await fp.tryLock(foreign, { shared: true })
    expect(joined).not.toBeNull()
    await other.query(`select pg_advisory_unlock_shared(${args})`)
    expect(await other.isFree(args)).toBe(false)
    await joined?.release()
    expect(await other.isFree(args)).toBe(true)
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
    expect(await other.isFree(args)).toBe(true)
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
    expect(await other.isFree(args)).toBe(true)
  },
)

test.each(KEYS)(
  'readers of one process do not keep a writer waiting who waits in the server for %s',
  async (args, foreign) => {
    const first = await fp.lock(foreign, { shared: true })
    const granted = other.query(`select pg_advisory_lock(${args})`)
    await untilWatching(admin, 'other')
    expect(await fp.tryLock(foreign, { shared: true })).toBeNull()
    const second = fp.lock(foreign, { shared: true, wait: '60s' })
    await untilInLine(admin, foreign.name, 1)
    await first.release()
    await granted
    await other.query(`select pg_advisory_unlock(${args})`)
    await (await second).release()
    expect(await other.isFree(args)).toBe(true)
  },
)

test('P1: of many who lock one key, by us and by plain SQL, waiting in the server or asking again, one at a time is inside', async () => {
  const foreign = key.int4(77, 78)
  const [plain, asking] = [
    await PlainProgram.start(database.url, 'plain'),
    await PlainProgram.start(database.url, 'asking'),
  ]
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
      if (!(await asking.take('77, 78'))) continue
      await enter('asking')
      await asking.query('select pg_advisory_unlock(77, 78)')
    }
  }
  await Promise.all([...ours, waiting(), polling()])
  await Promise.all([plain.end(), asking.end()])
  expect(entered).toEqual({ ours: 90, plain: 15, asking: 3 })
}, 60_000)

/** Besides the keys by which their sessions are known. */
async function advisoryLocksOf(application: string): Promise<number> {
  const { rowCount } = await admin.query(
    `select from pg_locks join pg_stat_activity using (pid)
     where locktype = 'advisory' and datname = current_database() and application_name like $1 || '%'
       and (objsubid = 2 or not exists (select from fencepost.sessions where session = (classid::bigint << 32) | objid::bigint))`,
    [application],
  )
  return rowCount ?? 0
}
