import { fencepost, type Fencepost } from 'fencepost'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase, ownServer } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'
import { ticketsOf, untilInLine } from '../support/waiters.ts'

const database = await cloneDatabase()
const { admin } = database
afterAll(() => database[Symbol.asyncDispose]())

/** Statements of the sessions that everything shares which have waited for many times what they may. */
const STUCK = `
  select query from pg_stat_activity
  where application_name like '%fencepost' and datname = current_database()
    and wait_event_type = 'Lock' and wait_event <> 'advisory'
    and query not like '%acquire%' and query not like '%open_session%'
    and clock_timestamp() - query_start > interval '400 ms'`

test.each(['waiters', 'holders', 'shared_tokens'])(
  'H19: while somebody has locked fencepost.%s, nothing on the shared connection waits, and who waits is served after it',
  async (table) => {
    await using fp = fencepost(database.url, { application: 'watched' })
    await using other = fencepost(database.url)
    await using third = fencepost(database.url)
    const client = await admin.connect()
    const name = (text: string) => `${table} ${text}`
    const [one, two, three] = [
      await fp.lock(name('one')),
      await other.lock(name('two')),
      await other.lock(name('three')),
    ]
    const [four, shared] = [await other.lock(name('four')), await fp.lock(name('shared'), { shared: true })]
    const before = third.lock(name('four'))
    await untilInLine(admin, name('four'), 1)
    const second = fp.lock(name('four'))
    await untilInLine(admin, name('four'), 2)
    const [head, gone] = [fp.lock(name('two')), new AbortController()]
    const aborted = fp.lock(name('three'), { signal: gone.signal })
    await untilInLine(admin, name('two'), 1)
    await untilInLine(admin, name('three'), 1)

    await client.query(`begin; lock table fencepost.${table} in access exclusive mode`)
    // A new place in a line, a reader, a head that is granted and passes on, one that gives up, one that looks whether it is
    // next, a release of what is written down.
    const late = fp.lock(name('one'))
    const reader = fp.lock(name('reader'), { shared: true })
    gone.abort('gone')
    await expect(aborted).rejects.toBe('gone')
    await Promise.all([one.release(), two.release(), shared.release()])
    const stuck = await stuckWhileTrying(admin, fp)
    await client.query('commit')
    client.release()
    expect(stuck).toEqual([])

    await Promise.all([three.release(), four.release()])
    for (const wait of [head, late, reader, before, second]) await (await wait).release()
    for (const text of ['one', 'two', 'three', 'four']) {
      await untilInLine(admin, name(text), 0)
      await eventually(async () => await gaveBack(await other.tryLock(name(text))))
    }
  },
)

test('a ticket that could not be given back at once, as its table was locked, stands in nobody’s way later', async () => {
  await using holder = fencepost(database.url)
  await using fp = fencepost(database.url)
  await using later = fencepost(database.url)
  const client = await admin.connect()
  const kept = await fp.lock('kept')
  const lock = await holder.lock('a')
  const next = fp.lock('a')
  await untilInLine(admin, 'a', 1)
  await client.query('begin; lock table fencepost.waiters in access exclusive mode')
  await lock.release()
  const granted = await next
  await client.query('select pg_sleep(0.1); commit')
  client.release()
  const turn = later.lock('a', { wait: '20s' })
  await eventually(async () => (await ticketsOf(admin, 'a')).length === 1)
  await granted.release()
  await (await turn).release()
  expect(kept.signal.aborted).toBe(false)
})

test('whoever has locked our tables keeps nobody from connecting but by the list of sessions', async () => {
  const dead = await Remote.start(database.url)
  await dead.call('lock', 'b')
  await dead.kill()
  const client = await admin.connect()
  await client.query(
    'begin; lock table fencepost.waiters, fencepost.holders, fencepost.shared_tokens in access exclusive mode',
  )
  await using fp = fencepost(database.url)
  await using lock = await eventually(async () => await fp.tryLock('b'))
  await client.query('commit')
  client.release()
  expect(lock.signal.aborted).toBe(false)
})

test('H19: while nobody can notify, nothing on the shared connection waits, and the next in line finds out by itself', async () => {
  await using server = await ownServer()
  const pool = new pg.Pool({ connectionString: server.url })
  pool.on('error', () => {})
  await using holder = fencepost(server.url)
  await using fp = fencepost(server.url)
  await using last = fencepost(server.url)
  const lock = await holder.lock('a')
  const next = fp.lock('a')
  await untilInLine(pool, 'a', 1)
  const behind = last.lock('a', { wait: '60s' })
  await untilInLine(pool, 'a', 2)
  await pool.query('create table t (n integer)')
  await pool.query(`alter system set synchronous_standby_names = 'none'`)
  await pool.query('select pg_reload_conf()')
  // It waits for a standby that never comes, and keeps all others that notify waiting.
  const hanging: Promise<unknown>[] = []
  await eventually(async () => {
    // The first may be quicker than the setting.
    if (hanging.length < 5) hanging.push(pool.query(`begin; insert into t values (1); notify somebody; commit`))
    return (await pool.query(`select from pg_stat_activity where wait_event = 'SyncRep'`)).rowCount === 1
  })
  await lock.release()
  const granted = await next
  const stuck = await stuckWhileTrying(pool, fp)
  await granted.release()
  await (await behind).release()
  await pool.query('alter system reset synchronous_standby_names')
  await pool.query('select pg_reload_conf()')
  await Promise.all(hanging)
  expect(stuck).toEqual([])
  // What was written down is taken back as soon as that is possible.
  await eventually(async () => (await pool.query(`select from fencepost.holders where name = 'a'`)).rowCount === 0)
  await pool.end()
})

/** Tries a name again and again for a while, and watches meanwhile what the server says of our statements. */
async function stuckWhileTrying(pool: pg.Pool, fp: Fencepost): Promise<string[]> {
  const over = new AbortController()
  const trying = (async () => {
    for (; !over.signal.aborted; await new Promise(setImmediate))
      expect(await fp.tryLock('free', () => 'held')).toBe('held')
  })()
  const stuck = new Set<string>()
  for (const end = performance.now() + 2500; performance.now() < end;) {
    for (const { query } of (await pool.query<{ query: string }>(STUCK)).rows) stuck.add(query)
  }
  over.abort()
  await trying
  return [...stuck]
}

async function gaveBack(lock: { release(): Promise<void> } | null): Promise<boolean> {
  await lock?.release()
  return lock !== null
}
