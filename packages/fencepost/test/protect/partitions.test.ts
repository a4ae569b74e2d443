import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'

const database = await cloneDatabase()
const fp = fencepost(database.url)
const { admin } = database
await admin.query(`
  create table ledger (region text, account_id integer, note text) partition by list (region);
  create table ledger_eu partition of ledger for values in ('eu');
  create table ledger_us partition of ledger for values in ('us') partition by range (account_id);
  create table ledger_us_1 partition of ledger_us for values from (0) to (100);
  create table ledger_asia (note text, extra integer, account_id integer, region text);
  alter table ledger_asia drop column extra`)
await fp.protect('ledger', 'account:{account_id}')
const lock = await fp.lock('account:1')
afterAll(async () => {
  await fp.close()
  await database[Symbol.asyncDispose]()
})

const write = (text: string) =>
  lock
    .transaction((tx) => tx.query(text))
    .then(
      () => 'passed',
      ({ code }: { code: string }) => code,
    )

test('P3: rows of partitions are checked wherever they are written, also those that move', async () => {
  for (const table of ['ledger', 'ledger_us', 'ledger_us_1']) {
    expect(await write(`insert into ${table} values ('us', 1)`)).toBe('passed')
    expect(await write(`insert into ${table} values ('us', 2)`)).toBe('UNGUARDED_WRITE')
    await expect(admin.query(`insert into ${table} values ('us', 1)`)).rejects.toMatchObject({ code: 'LK005' })
  }
  expect(await write(`update ledger set region = 'eu' where account_id = 1`)).toBe('passed')
  await expect(admin.query(`update ledger set region = 'us' where account_id = 1`)).rejects.toMatchObject({
    code: 'LK005',
  })
  expect(await write('update ledger_eu set account_id = 2')).toBe('UNGUARDED_WRITE')
})

test('P3: TRUNCATE is refused on the table and on each of its partitions (H27)', async () => {
  for (const table of ['ledger', 'ledger_eu', 'ledger_us', 'ledger_us_1']) {
    await expect(admin.query(`truncate ${table}`)).rejects.toMatchObject({ code: 'LK006', table: /^public\.ledger/ })
    expect(await write(`truncate ${table}`)).toBe('TRUNCATE_REFUSED')
  }
})

test('P3: a partition that is attached later has its rows checked at once, and no TRUNCATE once protect was called again', async () => {
  await admin.query(`alter table ledger attach partition ledger_asia for values in ('asia')`)
  expect(await write(`insert into ledger values ('asia', 1)`)).toBe('passed')
  await expect(admin.query(`insert into ledger_asia values ('', 2, 'asia')`)).rejects.toMatchObject({ code: 'LK005' })
  const truncatable = async () =>
    (await admin.query(`select truncatable::text from fencepost.protected_tables where relation = 'ledger'::regclass`))
      .rows
  expect(await truncatable()).toEqual([{ truncatable: '{ledger_asia}' }])
  await fp.protect('ledger', 'account:{account_id}')
  expect(await truncatable()).toEqual([{ truncatable: '{}' }])
  await expect(admin.query('truncate ledger_asia')).rejects.toMatchObject({ code: 'LK006' })
})

test('a partition is protected and unprotected with its table; one that was protected alone can be joined', async () => {
  await expect(fp.unprotect('ledger_eu')).rejects.toThrow(/is protected as a partition/)
  await admin.query(`create table ledger_africa partition of ledger for values in ('africa')`)
  expect(await fp.unprotect('ledger')).toBe(true)
  expect((await admin.query('select * from fencepost.protected_tables')).rows).toEqual([])
  await admin.query('truncate ledger')
  await fp.protect('ledger_eu', 'europe:{account_id}')
  await admin.query(`insert into ledger values ('us', 2)`)
  await expect(admin.query(`insert into ledger values ('eu', 2)`)).rejects.toMatchObject({ constraint: 'europe:2' })
  await fp.protect('ledger', 'account:{account_id}')
  await expect(admin.query(`insert into ledger values ('eu', 2)`)).rejects.toMatchObject({ constraint: 'account:2' })
})

test('P3: a table that others inherit from is protected together with them', async () => {
  await admin.query('create table base (n integer); create table derived (m integer) inherits (base)')
  await fp.protect('base', 'n:{n}')
  await expect(admin.query('insert into derived values (1, 2)')).rejects.toMatchObject({ constraint: 'n:1' })
  await expect(admin.query('truncate derived')).rejects.toMatchObject({ code: 'LK006' })
  await fp.unprotect('base')
  await admin.query('insert into derived values (1, 2)')
})

test('a table that inherits later, and one whose triggers are disabled, is listed as unprotected until protect is called again', async () => {
  await admin.query('create table parent (n integer); create table elder () inherits (parent)')
  await fp.protect('parent', 'n:{n}')
  await admin.query('create table younger () inherits (parent); alter table elder disable trigger fencepost_update')
  const unprotected = async () =>
    (await admin.query(`select unprotected::text from fencepost.protected_tables where relation = 'parent'::regclass`))
      .rows
  expect(await unprotected()).toEqual([{ unprotected: '{elder,younger}' }])
  await fp.protect('parent', 'n:{n}')
  expect(await unprotected()).toEqual([{ unprotected: '{}' }])
  await expect(admin.query('insert into younger values (1)')).rejects.toMatchObject({ constraint: 'n:1' })
})

test('a trigger that somebody else has made of our function spoils no list of protected tables', async () => {
  const list = async () => (await admin.query('select relation from fencepost.protected_tables')).rows
  const before = await list()
  await admin.query('create table foreign_one (n integer)')
  for (const argument of [`'not json'`, `'[]'`, `'{}', 'x'`, '', `'{"mode": "refuse"}'`]) {
    await admin.query(`create or replace trigger fencepost_insert after insert on foreign_one for each row
      execute function fencepost.refuse_truncate(${argument})`)
    expect(await list()).toEqual(before)
  }
})
