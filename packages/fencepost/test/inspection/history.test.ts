import { fencepost, type HistoryEntry, survey } from 'fencepost'
import { hostname } from 'node:os'
import pg from 'pg'
import { afterAll, afterEach, expect, test } from 'vitest'
import { cloneDatabase, emptyDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'

const database = await cloneDatabase()
const admin = fencepost(database.url, { application: 'admin' })
const ROLE = `fencepost_history_${process.pid}`
await database.admin.query(`create role ${ROLE} login password 'x'`)
afterEach(async () => {
  await admin.history.stop(undefined, { forget: true })
})
afterAll(async () => {
  await admin.close()
  await database.admin.query(`drop owned by ${ROLE}; drop role ${ROLE}`)
  await database[Symbol.asyncDispose]()
})

test('what is not asked for is not written down', async () => {
  await admin.history.record('other')
  await using fp = fencepost(database.url)
  await fp.lock('quiet', async () => {})
  await fp.lock('other', async () => {})
  await fp.close()
  expect(await admin.history.list()).toMatchObject([{ name: 'other', state: 'released' }])
})

test('a process that runs already records from the moment it is asked to, and a short lock too', async () => {
  await using remote = await Remote.start(database.url, { application: 'worker' })
  await remote.call('turn', 'report')
  await admin.history.record('report')
  const token = await eventually(async () => {
    const drawn = await remote.call<number>('turn', 'report')
    return (await admin.history.list('report')).length > 0 && drawn
  })
  await eventually(async () => (await admin.history.list('report'))[0]?.token === token)
  const [entry] = await admin.history.list('report')
  const who = { application: 'worker', host: hostname(), process: remote.pid }
  expect(entry).toMatchObject({
    ...who,
    name: 'report',
    namespace: 'default',
    mode: 'exclusive',
    token,
    state: 'released',
  })
  expect(entry?.endedAt?.getTime()).toBeGreaterThanOrEqual(entry?.beganAt.getTime() ?? Infinity)
})

test('the first grant of a session is recorded, and close leaves nothing behind that is not written', async () => {
  await admin.history.record()
  const fp = fencepost(database.url, { namespace: 'billing' })
  const [held, shared] = [await fp.lock('a'), await fp.lock('b', { shared: true })]
  await fp.close()
  const [b, a] = (await admin.history.list()).toSorted((one, other) => other.name.localeCompare(one.name))
  expect(a).toMatchObject({ name: 'a', namespace: 'billing', token: held.token, state: 'released' })
  expect(b).toMatchObject({ name: 'b', mode: 'shared', token: shared.token, state: 'released' })
})

test('P10 a lock that is still held shows so, from when it was granted', async () => {
  await admin.history.record('long')
  await using fp = fencepost(database.url)
  const before = await serverNow()
  const lock = await fp.lock('long')
  const [entry] = await untilListed('long', 1)
  expect(entry).toMatchObject({ state: 'held', endedAt: null, token: lock.token })
  expect(entry?.beganAt.getTime()).toBeGreaterThanOrEqual(before - 1)
  await lock.release()
  expect(await untilState('long', 'released')).toMatchObject({ id: entry?.id, cause: null })
})

test('P5 a loss is recorded with its cause once the database is back', async () => {
  await admin.history.record('cut')
  await using fp = fencepost(database.url, { application: 'cut off' })
  const lock = await fp.lock('cut')
  await untilListed('cut', 1)
  const [holder] = await admin.who('cut')
  await database.admin.query('select pg_terminate_backend($1)', [holder?.backend])
  await eventually(async () => lock.signal.aborted)
  const entry = await untilState('cut', 'lost')
  expect(entry.cause).toMatch(/terminating connection/)
  expect(entry.endedAt).not.toBe(null)
})

test('P4 a holder that was killed is lost, nobody knows when', async () => {
  await admin.history.record('killed')
  const remote = await Remote.start(database.url)
  const token = await remote.call('lock', 'killed')
  await untilListed('killed', 1)
  await remote.kill()
  const entry = await untilState('killed', 'lost')
  expect(entry).toMatchObject({ token, endedAt: null, cause: expect.stringContaining('killed, or cut off') })
})

test('P3 a commit that was refused, and who took the lock away, stand beside the holding', async () => {
  await admin.history.record('money')
  await using fp = fencepost(database.url, { application: 'zombie' })
  const lock = await fp.lock('money')
  await untilListed('money', 1)
  await admin.evict('money')
  await expect(lock.transaction(async (tx) => tx.query('select 1'))).rejects.toMatchObject({ code: 'STALE_TOKEN' })
  const entries = await untilListed('money', 3)
  const byState = Object.fromEntries(entries.map((entry) => [entry.state, entry]))
  const of = { token: lock.token, application: 'zombie', name: 'money' }
  expect(byState).toMatchObject({
    lost: { ...of, cause: expect.stringContaining('taken away by role') },
    evicted: { ...of, cause: expect.stringMatching(/^it let go, by role .* \(admin\)$/) },
    refused: { ...of, cause: expect.stringContaining('stale') },
  })
})

test('a frozen holder that is ended shows as evicted before it can say anything itself', async () => {
  await admin.history.record('frozen')
  await using remote = await Remote.start(database.url, { application: 'frozen' })
  await remote.call('lock', 'frozen')
  await untilListed('frozen', 1)
  remote.freeze()
  expect(await admin.evict('frozen', { grace: '0s' })).toMatchObject({ outcome: 'terminated' })
  const [evicted, holding] = await untilListed('frozen', 2)
  expect(evicted).toMatchObject({
    state: 'evicted',
    application: 'frozen',
    cause: expect.stringContaining('was ended'),
  })
  expect(holding).toMatchObject({ state: 'lost', endedAt: null })
  remote.thaw()
  expect(
    (
      await eventually(async () =>
        (await admin.history.list('frozen')).find(({ endedAt, state }) => state === 'lost' && endedAt !== null),
      )
    )?.id,
  ).toBe(holding?.id)
})

test('shared holders of one process, who have one token, are entries of their own', async () => {
  await admin.history.record('catalogue')
  await using fp = fencepost(database.url)
  const [one, two] = [await fp.lock('catalogue', { shared: true }), await fp.lock('catalogue', { shared: true })]
  await one.release()
  await untilState('catalogue', 'released')
  const entries = await untilListed('catalogue', 2)
  expect(Object.fromEntries(entries.map(({ state, token }) => [state, token]))).toEqual({
    held: two.token,
    released: one.token,
  })
  await two.release()
})

test('stopping stops it in processes that run, and keeps what there is until it is to be forgotten', async () => {
  await admin.history.record('a')
  await admin.history.record('marker')
  await using fp = fencepost(database.url)
  await fp.lock('a', async () => {})
  await untilListed('a', 1)
  expect(await admin.history.stop('a')).toBe(true)
  expect(await admin.history.stop('a')).toBe(false)
  const count = async (name: string) => (await admin.history.list(name)).length
  await eventually(async () => {
    const [before, markers] = [await count('a'), await count('marker')]
    await fp.lock('a', async () => {})
    await fp.lock('marker', async () => {})
    // It is written in order.
    await eventually(async () => (await count('marker')) > markers)
    return (await count('a')) === before
  })
  expect(await count('a')).toBeGreaterThan(0)
  await admin.history.stop('a', { forget: true })
  expect(await count('a')).toBe(0)
})

test('what was held when it was stopped is told to its end', async () => {
  await admin.history.record('held on')
  await using fp = fencepost(database.url)
  const lock = await fp.lock('held on')
  await untilListed('held on', 1)
  await admin.history.stop('held on')
  await admin.history.record('heard of later')
  await eventually(async () => {
    await fp.lock('heard of later', async () => {})
    return (await admin.history.list('heard of later')).length > 0
  })
  await lock.release()
  expect(await untilState('held on', 'released')).toMatchObject({ token: lock.token })
})

test('a table that somebody has locked delays what is written, and no lock', async () => {
  await admin.history.record('slow')
  await using fp = fencepost(database.url)
  await using migration = await client(database.url)
  await migration.query('begin; lock table fencepost.history_entries in access exclusive mode')
  await fp.lock('slow', async () => {})
  const tried = `select from pg_stat_activity where query like '%write_history(%' and state = 'idle' and datname = current_database()`
  await eventually(async () => (await database.admin.query(tried)).rowCount)
  await fp.lock('slow', async () => {})
  await migration.query('rollback')
  expect(await untilListed('slow', 2)).toHaveLength(2)
})

test('a role that may lock but not write the history down locks on, and is warned once', async () => {
  await admin.history.record('poor')
  await database.admin.query(`
    grant usage on schema fencepost to ${ROLE};
    grant select, insert, update, delete on all tables in schema fencepost to ${ROLE};
    grant usage, select, update on all sequences in schema fencepost to ${ROLE};
    revoke insert on fencepost.history_entries from ${ROLE}`)
  const warnings: string[] = []
  const hear = (warning: Error & { code?: string }) => warnings.push(warning.code ?? '')
  process.on('warning', hear)
  await using fp = fencepost(database.as(ROLE, 'x'), { migrate: 'off' })
  await fp.lock('poor', async () => {})
  await eventually(async () => warnings.includes('FENCEPOST_HISTORY'))
  await fp.lock('poor', async () => {})
  await fp.close()
  process.off('warning', hear)
  expect(warnings.filter((code) => code === 'FENCEPOST_HISTORY')).toHaveLength(1)
  expect(await admin.history.list('poor')).toEqual([])
})

test('nothing is looked up, sent or written per operation while nothing is recorded', async () => {
  const one = await costOf(1)
  expect(await costOf(300)).toBe(one)
})

test('entries go when they are old enough or too many, and one that is wanted for longer stays', async () => {
  await admin.history.record('short', { keep: '1s' })
  await admin.history.record('long', { keep: '30d' })
  await database.admin.query(`
    insert into fencepost.history_entries (what, namespace, name, began_at, ended_at)
    select 'refused', 'default', name, now() - interval '1 day', now() - interval '1 day' from unnest(array['short', 'long', 'nobody']) as name`)
  const names = async () => (await admin.history.list()).map(({ name }) => name)
  const sweep = async () => (await database.admin.query('select fencepost.sweep_history() as removed')).rows[0].removed
  expect(await sweep()).toBe(1)
  expect(await names()).toEqual(['nobody', 'long'])
  await database.admin.query(`
    insert into fencepost.history_entries (id, what, namespace, name, began_at, ended_at) overriding system value
    select 3000000, 'refused', 'default', 'newest', now(), now()`)
  expect(await sweep()).toBe(2)
  expect(await names()).toEqual(['newest'])
})

test('it works in another schema, from SQL, and reads page by page', async () => {
  await using other = await emptyDatabase()
  await using fp = fencepost(other.url, { schema: 'locking' })
  await fp.migrate()
  await other.admin.query(`select locking.record_history('a', keep => '1 day')`)
  await eventually(async () => {
    await fp.lock('a', async () => {})
    return (await fp.history.list('a')).length > 2
  })
  const [first, second] = await fp.history.list('a', { limit: 2 })
  expect(await fp.history.list('a', { before: first?.id ?? 0, limit: 1 })).toEqual([second])
  const { rows } = await other.admin.query(`select state from locking.history where name = 'a' limit 1`)
  expect(rows).toEqual([{ state: 'released' }])
  await using view = survey(other.url, { schema: 'locking' })
  expect(await view.history('a', { limit: 1 })).toMatchObject([{ name: 'a' }])
  await using missing = survey(other.url)
  await expect(missing.history()).rejects.toMatchObject({ code: 'SCHEMA_OUTDATED' })
})

test('a wrong argument is a TypeError before anything is sent', async () => {
  await expect(admin.history.record('')).rejects.toThrow(TypeError)
  await expect(admin.history.record('a', { keep: '10ms' })).rejects.toThrow(TypeError)
  await expect(admin.history.record('a', { kept: '1d' } as object)).rejects.toThrow(/unknown option 'kept'/)
  await expect(admin.history.stop('a', { forget: 'yes' } as never)).rejects.toThrow(TypeError)
  await expect(admin.history.list('a', { limit: 1.5 })).rejects.toThrow(TypeError)
})

async function untilListed(name: string, count: number): Promise<HistoryEntry[]> {
  return await eventually(async () => {
    const entries = await admin.history.list(name)
    return entries.length === count && entries
  })
}

async function untilState(name: string, state: HistoryEntry['state']): Promise<HistoryEntry> {
  return await eventually(async () => (await admin.history.list(name)).find((entry) => entry.state === state))
}

async function serverNow(): Promise<number> {
  const { rows } = await database.admin.query('select extract(epoch from clock_timestamp())::float8 * 1000 as now')
  return rows[0].now
}

async function client(url: string) {
  const opened = new pg.Client(url)
  await opened.connect()
  return Object.assign(opened, { [Symbol.asyncDispose]: () => opened.end() })
}

async function scans(): Promise<number> {
  const { rows } = await database.admin.query<{ scans: number }>(`
    select sum(seq_scan + coalesce(idx_scan, 0) + n_tup_ins)::float8 as scans
    from pg_stat_user_tables where relname in ('history_names', 'history_entries')`)
  return rows[0]?.scans ?? 0
}

async function costOf(pairs: number): Promise<number> {
  // Figures of a connection are certain once it has ended.
  await database.admin.query('select pg_stat_clear_snapshot()')
  const before = await scans()
  const fp = fencepost(database.url)
  await Promise.all(Array.from({ length: pairs }, (_, i) => fp.lock(`name ${i}`, async () => {})))
  await fp.close()
  return await eventually(async () => {
    await database.admin.query('select pg_stat_clear_snapshot()')
    return (await scans()) - before
  })
}
