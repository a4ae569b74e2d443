import { fencepost, survey } from 'fencepost'
import { hostname } from 'node:os'
import pg from 'pg'
import { afterAll, afterEach, expect, test } from 'vitest'
import { cloneDatabase, emptyDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'
import { untilListed, untilState } from './until-listed.ts'

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
  const [entry] = await untilListed(admin, 'long', 1)
  expect(entry).toMatchObject({ state: 'held', endedAt: null, token: lock.token })
  expect(entry?.beganAt.getTime()).toBeGreaterThanOrEqual(before - 1)
  await lock.release()
  expect(await untilState(admin, 'long', 'released')).toMatchObject({ id: entry?.id, cause: null })
})

test('stopping stops it in processes that run, and keeps what there is until it is to be forgotten', async () => {
  await admin.history.record('a')
  await admin.history.record('marker')
  await using fp = fencepost(database.url)
  await fp.lock('a', async () => {})
  await untilListed(admin, 'a', 1)
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
  expect(await untilListed(admin, 'slow', 2)).toHaveLength(2)
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
