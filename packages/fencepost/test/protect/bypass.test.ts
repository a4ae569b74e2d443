import { fencepost } from 'fencepost'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'

const role = `keeper_${process.pid}`
const database = await cloneDatabase()
const fp = fencepost(database.url)
await database.admin.query(`
  create table ledger (account_id integer);
  create role ${role} login password 'x';
  grant usage on schema fencepost to ${role};
  grant select, insert, update, delete, truncate on ledger to ${role}`)
await fp.protect('ledger', 'account:{account_id}')
const client = new pg.Client({ connectionString: database.as(role, 'x'), application_name: 'repair' })
await client.connect()
afterAll(async () => {
  await client.end()
  await fp.close()
  await database.admin.query(`drop owned by ${role}; drop role ${role}`)
  await database[Symbol.asyncDispose]()
})

const insert = () => client.query('insert into ledger values (1), (null)')

test('a bypass is a right, lets one transaction pass, and records who and why', async () => {
  await expect(client.query(`select fencepost.bypass('why')`)).rejects.toMatchObject({ code: '42501' })
  await database.admin.query(`grant insert on fencepost.bypasses to ${role}`)
  for (const isolation of ['read committed', 'repeatable read', 'serializable']) {
    await client.query(`begin isolation level ${isolation}`)
    await client.query('select from ledger')
    await client.query(`select fencepost.bypass('move to another account'), fencepost.bypass('and empty it')`)
    await insert()
    await client.query('update ledger set account_id = 2')
    await client.query('truncate ledger')
    await client.query('commit')
    await expect(insert()).rejects.toMatchObject({ code: 'LK005' })
  }
  const { rows } = await database.admin.query('select reason, role, session_role, application from fencepost.bypasses')
  expect(rows).toHaveLength(6)
  expect(rows[0]).toEqual({ reason: 'move to another account', role, session_role: role, application: 'repair' })
  await expect(client.query(`select fencepost.bypass(' ')`)).rejects.toMatchObject({ code: '23514' })
})

test('a bypass in a savepoint that is rolled back is none, and what came before it is not let pass (H27)', async () => {
  await client.query('begin; savepoint a')
  await client.query(`select fencepost.bypass('undone')`)
  await insert()
  await client.query('rollback to a')
  await expect(insert()).rejects.toMatchObject({ code: 'LK005' })
  await client.query('rollback')
})

test('a bypass notes no names, so that a repair of many costs the same for each', async () => {
  await client.query(`begin; select fencepost.bypass('repair all')`)
  await client.query('insert into ledger select generate_series(1, 10)')
  const { rows } = await client.query(`select current_setting('fencepost.passed', true) as passed`)
  expect(rows[0].passed ?? '').toBe('')
  await client.query('rollback')
})

test('FAULTS 18: neither a setting nor a temporary table is a bypass', async () => {
  await database.admin.query(`grant temporary on database ${database.name} to ${role}`)
  await client.query('begin')
  await client.query(`set local fencepost.bypass = 'on'`)
  await client.query(`create temporary table bypasses (xact xid8, began_at timestamptz)`)
  await client.query('insert into bypasses values (pg_current_xact_id(), transaction_timestamp())')
  await client.query('set local search_path = pg_temp, public')
  await expect(insert()).rejects.toMatchObject({ code: 'LK005' })
  await client.query('rollback')
})

test('the bypass of a transaction of the same number, out of a restored database, is none', async () => {
  await client.query('begin')
  await client.query(`insert into fencepost.bypasses (began_at, reason) values (now() - interval '1 day', 'long ago')`)
  await expect(insert()).rejects.toMatchObject({ code: 'LK005' })
  await client.query('rollback')
})
