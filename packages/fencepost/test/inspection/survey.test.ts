import { fencepost, key, keyOf, survey, type SeenLock } from 'fencepost'
import pg from 'pg'
import { afterAll, afterEach, expect, test } from 'vitest'
import { knownKeys } from '../../src/foreign/known-keys.ts'
import { cloneDatabase, type Database, emptyDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { PGBOUNCER, startPgBouncer } from '../support/pgbouncer.ts'
import { Remote } from '../support/remote.ts'

const ROLE = `fencepost_survey_${process.pid}`
const database = await cloneDatabase()
const strange = await emptyDatabase()
await database.admin.query(`create role ${ROLE} login password 'x'`)
const clients: pg.Client[] = []
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.end()))
})
afterAll(async () => {
  await strange[Symbol.asyncDispose]()
  await database.admin.query(`drop owned by ${ROLE}; drop role ${ROLE}`)
  await database[Symbol.asyncDispose]()
})

test('P10 a database that has never seen us shows its locks, and is as it was', async () => {
  const [holder, waiter] = [await connect(strange, 'migrator'), await connect(strange, 'other')]
  await holder.query('select pg_advisory_lock(72707369), pg_advisory_lock(1, -2), pg_advisory_lock_shared(7)')
  void waiter.query('select pg_advisory_lock(72707369)').catch(() => {})
  await using view = survey(strange.url)
  const seen = await eventually(async () => {
    const all = await view.locks()
    return all.locks.length === 4 && all
  })
  expect(seen).toMatchObject({ database: strange.name, isNamed: false })
  expect(seen.notes).toEqual([expect.stringContaining('schema "fencepost" is not in this database')])
  expect(find(seen.locks, 72707369n, 'held')).toMatchObject({
    means: 'Prisma Migrate',
    name: null,
    token: null,
    application: 'migrator',
    mode: 'exclusive',
    doing: { state: 'idle', query: expect.stringContaining('72707369'), isHidden: false },
  })
  expect(find(seen.locks, 72707369n, 'waiting')).toMatchObject({
    application: 'other',
    position: 1,
    doing: { state: 'active', waits: 'Lock: advisory', blockedBy: [find(seen.locks, 72707369n, 'held')?.backend] },
  })
  expect(seen.locks).toContainEqual(expect.objectContaining({ key: [1, -2], means: null }))
  expect(find(seen.locks, 7n, 'held')).toMatchObject({ mode: 'shared' })
  const { rows } = await strange.admin.query(`select nspname from pg_namespace where nspname !~ '^(pg_|information)'`)
  expect(rows).toEqual([{ nspname: 'public' }])
})

test('it has one connection that says what it is and holds nothing', async () => {
  await using view = survey(database.url, { application: 'fencepost looking' })
  await Promise.all([view.locks(), view.waits(), view.locks()])
  const { rows } = await database.admin.query(`
    select state, (select count(*)::integer from pg_locks where pg_locks.pid = activity.pid) as locks
    from pg_stat_activity as activity where application_name = 'fencepost looking'`)
  expect(rows).toEqual([{ state: 'idle', locks: 0 }])
  expect((await database.admin.query('select from fencepost.sessions')).rowCount).toBe(0)
})

test.skipIf(PGBOUNCER === undefined)(
  'it works behind a pooler in transaction mode, and leaves no setting behind there',
  async () => {
    await using bouncer = await startPgBouncer(database.url, 'transaction')
    await using view = survey(bouncer.url)
    expect(await view.locks()).toMatchObject({ isNamed: true, notes: [] })
    const client = new pg.Client(bouncer.url)
    await client.connect()
    const text = `select current_setting('statement_timeout') as timeout, current_setting('search_path') as path, current_setting('transaction_read_only') as "isReadOnly"`
    // Of the only connection it has, so that of the reading.
    expect((await client.query(text)).rows).toEqual([{ timeout: '0', path: '"$user", public', isReadOnly: 'off' }])
    await client.end()
  },
)

test('with our schema it shows names, tokens, tickets and processes', async () => {
  await using holder = await Remote.start(database.url, { application: 'payouts' })
  await using waiter = await Remote.start(database.url, { application: 'web' })
  const token = await holder.call<number>('lock', 'account:42')
  void waiter.call('lock', 'account:42').catch(() => {})
  await using view = survey(database.url)
  const { locks, isNamed, notes } = await eventually(async () => {
    const seen = await view.locks()
    return seen.locks.length === 2 && seen.locks.every(({ name }) => name !== null) && seen
  })
  expect({ isNamed, notes }).toEqual({ isNamed: true, notes: [] })
  const of = { name: 'account:42', namespace: 'default', key: keyOf('account:42') }
  expect(locks).toMatchObject([
    { ...of, state: 'held', token, application: 'payouts', process: holder.pid, position: null },
    { ...of, state: 'waiting', token: null, application: 'web', process: waiter.pid, position: 1 },
  ])
  expect(locks[0]?.forMs).toBeGreaterThan(0)
})

test('a role that may not read our schema is told so, and sees tokens by the keys alone; what others do is said to be hidden', async () => {
  await using fp = fencepost(database.url)
  const lock = await fp.lock('secret', { shared: true })
  await using view = survey(database.as(ROLE, 'x'))
  const { locks, isNamed, notes } = await view.locks()
  expect(isNamed).toBe(false)
  expect(notes).toEqual([
    expect.stringContaining(`role ${ROLE} may not read schema "fencepost"`),
    expect.stringContaining(`grant pg_read_all_stats to ${ROLE}`),
  ])
  const [own, ...more] = locks.filter(({ token }) => token !== null)
  expect(more).toEqual([])
  expect(own).toMatchObject({ key: keyOf('secret'), token: lock.token, mode: 'shared', name: null })
  expect(own?.doing).toMatchObject({ isHidden: true, query: null, state: null })
  // Its gate and the key of its token are no locks of their own; the key of its session nobody can tell.
  expect(locks).toHaveLength(2)
  await lock.release()
})

test('a table of ours that a migration has locked does not keep it waiting', async () => {
  await using fp = fencepost(database.url)
  const lock = await fp.lock('meanwhile')
  const migration = await connect(database, 'migration')
  await migration.query('begin; lock table fencepost.holders in access exclusive mode')
  await using view = survey(database.url)
  const { locks, notes } = await view.locks()
  expect(notes).toEqual([expect.stringContaining('is locked just now')])
  expect(find(locks, keyOf('meanwhile'), 'held')).toMatchObject({ token: lock.token, name: null })
  await migration.query('rollback')
  await lock.release()
})

test('another schema is read too, and one that is missed is pointed at', async () => {
  await using other = await emptyDatabase()
  await using fp = fencepost(other.url, { schema: 'locking' })
  const lock = await fp.lock('a')
  await using view = survey(other.url, { schema: 'locking' })
  await eventually(async () =>
    (await view.locks()).locks.some(({ name, token }) => name === 'a' && token === lock.token),
  )
  await using missing = survey(other.url)
  expect((await missing.locks()).notes).toEqual([expect.stringContaining('"locking" looks like one')])
})

test('keys of other programs are known here as they are in SQL', async () => {
  await database.admin.query('create schema if not exists shop; create table if not exists shop.schema_migrations ()')
  const { rows: schemas } = await database.admin.query<{ name: string; isMigrated: boolean }>(`
    select nspname as name, exists (
      select from pg_class where relname = 'schema_migrations' and relnamespace = namespace.oid
    ) as "isMigrated" from pg_namespace as namespace`)
  const { rows } = await database.admin.query<{ key: string; means: string }>('select * from fencepost.known_keys()')
  const here = knownKeys({ database: database.name, schemas })
  expect(new Map(rows.map((row) => [BigInt(row.key), row.means]))).toEqual(here)
  expect(here.get(key.golangMigrate(database.name, { schema: 'shop' }).int8 ?? 0n)).toBe('golang-migrate')
})

test('a connection that broke is opened again at the next look; a server that is not there is told', async () => {
  await using view = survey(database.url, { application: 'fencepost broken' })
  await view.locks()
  await database.admin.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'fencepost broken'`,
  )
  await eventually(async () => await view.locks().catch(() => null))
  await using nobody = survey('postgres://someone:hunter2@127.0.0.1:1/app')
  const error = await nobody.locks().catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'DATABASE_UNREACHABLE' })
  expect(String(error)).not.toContain('hunter2')
})

test('a wrong argument is a TypeError before anything is sent', async () => {
  expect(() => survey(undefined)).toThrow(TypeError)
  expect(() => survey(database.url, { schema: 'Not This' })).toThrow(TypeError)
  expect(() => survey(database.url, { applicaton: 'x' } as object)).toThrow(/unknown option 'applicaton'/)
  await using view = survey('postgres://someone@127.0.0.1:1/app')
  await expect(view.history('')).rejects.toThrow(TypeError)
  await expect(view.history('a', { limit: 0 })).rejects.toThrow(TypeError)
})

async function connect({ url }: Database, application: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: application })
  client.on('error', () => {})
  await client.connect()
  clients.push(client)
  return client
}

function find(locks: readonly SeenLock[], wanted: bigint, state: SeenLock['state']): SeenLock | undefined {
  return locks.find((lock) => lock.key === wanted && lock.state === state)
}
