import { fencepost } from 'fencepost'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { apply, diagnose } from './diagnose.ts'

const database = await cloneDatabase()
const { admin } = database
const fp = fencepost(database.url)
afterAll(async () => {
  await fp.close()
  await database[Symbol.asyncDispose]()
})

test('an index that CREATE INDEX CONCURRENTLY left invalid is told, one that is being built is no hazard, and REINDEX mends', async () => {
  await admin.query('create table "Orders" (id integer); insert into "Orders" select generate_series(1, 100)')
  const [blocker, builder] = [new pg.Client(database.url), new pg.Client(database.url)]
  await Promise.all([blocker.connect(), builder.connect()])
  await blocker.query('begin; insert into "Orders" values (0)')
  const building = builder
    .query('create index concurrently "Orders by id" on "Orders" (id)')
    .catch((error: unknown) => error)
  await eventually(async () => (await admin.query('select from pg_index where not indisvalid')).rowCount)
  expect((await diagnose(database.url)).of('invalid-indexes')).toMatchObject([
    { level: 'note', what: expect.stringContaining('is being built') },
  ])
  await admin.query(
    `select pg_cancel_backend(pid) from pg_stat_activity where query like 'create index concurrently "Orders%'`,
  )
  expect(await building).toMatchObject({ code: '57014' })
  await blocker.query('commit')
  const told = (await diagnose(database.url)).of('invalid-indexes')
  expect(told).toMatchObject([
    {
      level: 'warning',
      what: expect.stringContaining('index public."Orders by id" of table public."Orders" is invalid'),
      mend: 'reindex index concurrently public."Orders by id";',
    },
  ])
  for (const verdict of told) await apply(builder, verdict)
  await Promise.all([blocker.end(), builder.end()])
  expect((await diagnose(database.url)).of('invalid-indexes')).toMatchObject([{ level: 'fine' }])
})

test('what came to a protected table since is told, and to protect again mends it', async () => {
  await admin.query(`
    create table ledger (account_id integer, year integer) partition by list (year);
    create table ledger_1 partition of ledger for values in (1);
    create table base (n integer)`)
  await fp.protect('ledger', 'account:{account_id}')
  await fp.protect('base', "it's:{n}", { mode: 'report' })
  expect((await diagnose(database.url)).of('protected-tables')).toMatchObject([{ level: 'fine' }])
  await admin.query(`
    create table ledger_2 partition of ledger for values in (2);
    create table derived (m integer) inherits (base);
    alter table ledger_1 disable trigger user`)
  const told = (await diagnose(database.url)).of('protected-tables')
  expect(told).toMatchObject([
    {
      level: 'danger',
      what: expect.stringMatching(/^public\.derived can be written without a lock, though public\.base/),
    },
    {
      level: 'danger',
      what: expect.stringMatching(/^public\.ledger_1 can be written without a lock, though public\.ledger/),
    },
  ])
  for (const verdict of told) await apply(admin, verdict)
  expect((await diagnose(database.url)).of('protected-tables')).toMatchObject([{ level: 'fine' }])
  expect(
    (
      await admin.query(
        `select mode from fencepost.protected_tables where relation in ('ledger'::regclass, 'base'::regclass) order by 1`,
      )
    ).rows,
  ).toEqual([{ mode: 'refuse' }, { mode: 'report' }])
  await admin.query(`create table ledger_3 partition of ledger for values in (3)`)
  expect((await diagnose(database.url)).of('protected-tables')).toMatchObject([
    { level: 'warning', what: expect.stringMatching(/^public\.ledger_3 can be truncated/) },
  ])
})

test('a table with the columns of a protected name is pointed out', async () => {
  await admin.query('create table payouts (id integer, account_id integer); create table others (id integer)')
  const told = (await diagnose(database.url)).of('unprotected-tables')
  expect(told).toMatchObject([
    {
      level: 'note',
      what: expect.stringMatching(
        /^table public\.payouts has the columns of "account:\{account_id\}", by which public\.ledger/,
      ),
    },
  ])
  for (const verdict of told) await apply(admin, verdict)
  await expect(admin.query('insert into payouts values (1, 2)')).rejects.toMatchObject({ code: 'LK005' })
})

test('a schema that is older than this library is told, and migrate mends it; another name of it is found by --schema', async () => {
  expect((await diagnose(database.url)).of('schema-version')).toMatchObject([
    { level: 'fine', what: expect.stringContaining('up to date') },
  ])
  expect((await diagnose(database.url, '--schema', 'other')).of('schema-version')).toMatchObject([
    { what: expect.stringContaining('is not installed') },
  ])
  await using other = fencepost(database.url, { schema: 'other' })
  await other.migrate()
  await admin.query('delete from other.migrations where version = (select max(version) from other.migrations)')
  const { of } = await diagnose(database.url, '--schema', 'other')
  expect(of('schema-version')).toMatchObject([{ level: 'warning', mend: 'npx fencepost migrate --schema other' }])
  for (const hazard of ['unprotected-tables', 'waiting-jobs', 'dead-jobs', 'paused-queues', 'uncertain-once'])
    expect(of(hazard)).toMatchObject([{ level: 'fine' }])
  await admin.query(`insert into other.migrations (version, name, breaking) values (9999, 'from the future', true)`)
  expect((await diagnose(database.url, '--schema', 'other')).of('schema-version')).toMatchObject([
    { level: 'danger', mend: 'npm install fencepost@latest' },
  ])
  expect(of('protected-tables')).toMatchObject([{ level: 'fine', what: 'no table is protected' }])
})
