import { fencepost } from 'fencepost'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'

const role = `writer_${process.pid}`
const database = await cloneDatabase()
const { admin } = database
const fp = fencepost(database.url)
afterAll(async () => {
  await fp.close()
  await admin.query(`drop owned by ${role}; drop role ${role}`)
  await database[Symbol.asyncDispose]()
})
await admin.query(`create role ${role} login password 'x'`)

/** The lock a row of these values needs, as the refusal says. */
async function nameOf(table: string, values: string): Promise<string | undefined> {
  const insert = admin.query(`insert into ${table} values (${values})`)
  return await insert.then(
    () => undefined,
    (error: pg.DatabaseError) => (error.code === 'LK005' ? error.constraint : Promise.reject(error)),
  )
}

test('tables and columns may be called anything, and in any schema', async () => {
  await admin.query(`
    create schema "Sh'op.x";
    create table "Sh'op.x"."or""der %s $1" ("id\\' or %I" integer, "select" text, "N" integer)`)
  const table = `"Sh'op.x"."or""der %s $1"`
  await fp.protect(table, `it's \\ %s $$ "{id\\' or %I}"/{select}/{N}{N}`)
  expect(await nameOf(table, `7, 'x{y}', 3`)).toBe(`it's \\ %s $$ "7"/x{y}/33`)
  await using lock = await fp.lock(`it's \\ %s $$ "7"/x{y}/33`)
  await lock.transaction((tx) => tx.query(`insert into ${table} values (7, 'x{y}', 3)`))
  expect((await admin.query('select lock_name from fencepost.protected_tables')).rows).toEqual([
    { lock_name: `it's \\ %s $$ "{id\\' or %I}"/{select}/{N}{N}` },
  ])
  await expect(admin.query(`truncate ${table}`)).rejects.toMatchObject({ code: 'LK006' })
  expect(await fp.unprotect(table)).toBe(true)
})

test('doubled braces are braces, and a name without columns is one lock for the whole table', async () => {
  await admin.query('create table plain (a integer)')
  await fp.protect('plain', '{{a}}{{{a}}}')
  expect(await nameOf('plain', '1')).toBe('{a}{1}')
  await fp.protect('plain', 'everything')
  expect(await nameOf('plain', 'null')).toBe('everything')
})

test('a name is the same text in every session', async () => {
  await admin.query(`
    create type colour as enum ('red');
    create domain code as varchar(10);
    create table kinds (a bigint, b numeric, c uuid, d boolean, e colour, f code, g date, h timestamp)`)
  await fp.protect('kinds', '{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}')
  const values = `-1, 1.50, '00000000-0000-0000-0000-0000000000AB', true, 'red', 'x', '2024-01-02', '2024-01-02 03:04'`
  const name = '-1/1.50/00000000-0000-0000-0000-0000000000ab/true/red/x/2024-01-02/2024-01-02T03:04:00'
  expect(await nameOf('kinds', values)).toBe(name)
  const client = new pg.Client({
    connectionString: database.url,
    options: '-c DateStyle=German -c TimeZone=Asia/Tokyo',
  })
  await client.connect()
  await expect(
    client.query(`insert into kinds values (${values.replace('2024-01-02 03', '02.01.2024 03')})`),
  ).rejects.toMatchObject({
    constraint: name,
  })
  await client.end()
})

test('names that a collation holds for equal, or cannot compare, are told apart byte by byte', async () => {
  await admin.query(`
    create collation ignoring_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    create table owned (owner text collate ignoring_case);
    create table regions (region text collate "C", owner text collate "POSIX");
    insert into owned values ('Alice')`)
  await fp.protect('owned', 'owner:{owner}')
  await fp.protect('regions', '{region}:{owner}')
  await using lower = await fp.lock('owner:alice')
  await expect(lower.transaction((tx) => tx.query(`update owned set owner = 'alice'`))).rejects.toMatchObject({
    lockName: 'owner:Alice',
  })
  await using lock = await fp.lock('eu:x')
  await lock.transaction(async (tx) => {
    await tx.query(`insert into regions values ('eu', 'x')`)
    await tx.query('update regions set owner = owner')
  })
  const client = new pg.Client({
    connectionString: database.url,
    options: `-c fencepost.name=eu:x -c fencepost.token=${lock.token}`,
  })
  await client.connect()
  expect((await client.query('update regions set owner = owner')).rowCount).toBe(1)
  await client.end()
})

test('a column may be renamed, and neither dropped nor given another type while the table is protected', async () => {
  await admin.query(`create table renamed (a integer)`)
  await fp.protect('renamed', 'a:{a}')
  await admin.query('alter table renamed rename a to b')
  expect(await nameOf('renamed', '1')).toBe('a:1')
  await expect(admin.query('alter table renamed drop b')).rejects.toMatchObject({ code: '2BP01' })
  await expect(admin.query('alter table renamed alter b type bigint')).rejects.toMatchObject({ code: '0A000' })
})

test('after columns have swapped their names, protecting again reads the one that has the name now', async () => {
  await admin.query('create table swapped (a integer, a_new bigint)')
  await fp.protect('swapped', 'a:{a}')
  await admin.query('alter table swapped rename a to a_old; alter table swapped rename a_new to a')
  expect(await nameOf('swapped', '1, 2')).toBe('a:1')
  await fp.protect('swapped', 'a:{a}')
  expect(await nameOf('swapped', '1, 2')).toBe('a:2')
})

test('FAULTS 18: a role that has no rights on our schema is refused like any other, and may write with a live token', async () => {
  await admin.query(`create table ledger (account_id integer); grant insert, select on ledger to ${role}`)
  await fp.protect('ledger', 'account:{account_id}')
  const client = new pg.Client(database.as(role, 'x'))
  await client.connect()
  await expect(client.query('insert into ledger values (1)')).rejects.toMatchObject({ code: 'LK005' })
  await using lock = await fp.lock('account:1')
  await client.query(
    `select set_config('fencepost.name', 'account:1', false), set_config('fencepost.token', '${lock.token}', false)`,
  )
  await client.query('insert into ledger values (1)')
  await lock.release()
  await expect(client.query('insert into ledger values (1)')).rejects.toMatchObject({ code: 'LK001' })
  await client.query('reset fencepost.token')
  await fp.protect('ledger', 'account:{account_id}', { mode: 'report' })
  await client.query('insert into ledger values (1)')
  expect(await fp.violations()).toMatchObject([{ role, lockName: 'account:1' }])
  await fp.protect('ledger', 'account:{account_id}')
  await client.end()
})

test('FAULTS 18, P3: temporary tables and functions that are called as ours do not let a write pass, nor a good one fail', async () => {
  const client = await admin.connect()
  const { rows } = await client.query<{ name: string; columns: string }>(
    `select table_name as name, string_agg(column_name || ' text', ', ') as columns
    from information_schema.columns where table_schema = 'fencepost' group by table_name`,
  )
  expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining(['bypasses', 'violations']))
  for (const { name, columns } of rows) await client.query(`create temporary table ${name} (${columns})`)
  await client.query(`create temporary table ledger (account_id integer)`)
  await client.query(`
    create schema evil;
    create function evil.pg_advisory_xact_lock_shared(bigint) returns void language sql as '';
    create function evil.pg_try_advisory_xact_lock_shared(bigint) returns boolean language sql as 'select false';
    create function evil.current_setting(text, boolean) returns text language sql as $$ select '' $$;
    set search_path = evil, pg_temp, pg_catalog`)
  const lock = await fp.lock('account:1')
  await client.query(`set fencepost.name = 'account:1'; set fencepost.token = '${lock.token}'`)
  await client.query('insert into public.ledger values (1)')
  await lock.release()
  await expect(client.query('insert into public.ledger values (1)')).rejects.toMatchObject({ code: 'LK001' })
  await client.query('reset fencepost.token')
  await expect(client.query('insert into public.ledger values (1)')).rejects.toMatchObject({ code: 'LK005' })
  client.release(true)
})
