import { fencepost } from 'fencepost'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'

const database = await cloneDatabase()
const fp = fencepost(database.url)
await database.admin.query('create table ledger (account_id integer, who text)')
await fp.protect('ledger', 'account:{account_id}', { mode: 'report' })
const client = new pg.Client({ connectionString: database.url, application_name: 'old job' })
await client.connect()
afterAll(async () => {
  await client.end()
  await fp.close()
  await database[Symbol.asyncDispose]()
})

test('mode report refuses nothing, and tells each name a transaction wrote without a live token once', async () => {
  const lock = await fp.lock('account:1')
  await lock.transaction((tx) => tx.query(`insert into ledger values (1, 'guarded')`))
  expect(await fp.violations()).toEqual([])
  await lock.release()

  await client.query(
    `select set_config('fencepost.name', 'account:1', false), set_config('fencepost.token', '${lock.token}', false)`,
  )
  await client.query('begin')
  await client.query('insert into ledger select 1 from generate_series(1, 20)')
  await client.query('insert into ledger values (2), (null)')
  await client.query('update ledger set account_id = 3 where account_id = 2')
  await client.query('commit')
  await client.query('truncate ledger')
  const common = { table: 'public.ledger', role: 'postgres', application: 'old job', client: '127.0.0.1' }
  const told = (await fp.violations()).toReversed()
  expect(told).toMatchObject([
    { ...common, lockName: 'account:1', token: lock.token, operation: 'INSERT' },
    { ...common, lockName: 'account:2', token: null, operation: 'INSERT' },
    { ...common, lockName: null, token: null, operation: 'INSERT' },
    { ...common, lockName: 'account:3', token: null, operation: 'UPDATE' },
    { ...common, lockName: null, token: null, operation: 'TRUNCATE' },
  ])
  expect(told.every(({ at }) => at instanceof Date)).toBe(true)
  expect(await fp.violations({ limit: 1 })).toHaveLength(1)

  await client.query(`begin; insert into ledger values (4); rollback`)
  await client.query(`begin; select fencepost.bypass('repair'); insert into ledger values (4); commit`)
  expect(await fp.violations()).toHaveLength(5)
  await client.query('reset fencepost.name; reset fencepost.token')
})

test('mode report waits for no gate and keeps none, and what goes wrong in it is a warning', async () => {
  await using lock = await fp.lock('account:7')
  const closer = await database.admin.connect()
  await closer.query(`begin; select pg_advisory_xact_lock(fencepost.gate('account:7'))`)
  const warnings: string[] = []
  const listen = ({ message }: { message: string | undefined }) => warnings.push(message ?? '')
  client.on('notice', listen)
  await client.query('begin')
  await client.query(
    `select set_config('fencepost.name', 'account:7', true), set_config('fencepost.token', '${lock.token}', true)`,
  )
  await client.query('insert into ledger values (7)')
  await client.query(`set local fencepost.token = 'nonsense'`)
  await client.query('insert into ledger values (7)')
  await client.query('commit')
  client.off('notice', listen)
  await closer.query('rollback')
  closer.release()
  expect(warnings).toEqual([
    expect.stringMatching(/public\.ledger could not be checked: .*"nonsense", which is no token/),
  ])
  expect((await client.query('select from ledger where account_id = 7')).rowCount).toBe(2)
})

test('mode report proves nothing where there is no token, and looks once at rows of one name that come in a row', async () => {
  const calls = async () => {
    const { rows } = await client.query(
      `select funcname as name, calls::integer from pg_stat_xact_user_functions where funcname in ('is_good', 'fence_of')`,
    )
    return rows
  }
  await client.query(`begin; set local track_functions = 'all'`)
  await client.query('insert into ledger select 8 from generate_series(1, 20)')
  const counted = await calls()
  await client.query('savepoint a; insert into ledger values (9); rollback to a')
  await client.query('insert into ledger values (9); commit')
  expect(counted).toEqual([{ name: 'fence_of', calls: 1 }])
  expect((await fp.violations({ limit: 2 })).map(({ lockName }) => lockName)).toEqual(['account:9', 'account:8'])
})

test('the mode is changed by protecting again', async () => {
  await fp.protect('ledger', 'account:{account_id}')
  await expect(client.query('insert into ledger values (1)')).rejects.toMatchObject({ code: 'LK005' })
  await fp.protect('ledger', 'account:{account_id}', { mode: 'report' })
  await client.query('insert into ledger values (1)')
})

test('mode report records in a schema of another name too, and each name once', async () => {
  await using other = fencepost(database.url, { schema: 'other' })
  await database.admin.query('create table elsewhere (account_id integer)')
  await other.protect('elsewhere', 'account:{account_id}', { mode: 'report' })
  await client.query('begin')
  await client.query('insert into elsewhere select 1 from generate_series(1, 20)')
  await client.query('insert into elsewhere values (2)')
  await client.query('commit')
  const names = (await other.violations()).map(({ lockName }) => lockName)
  expect(names).toHaveLength(2)
  expect(new Set(names)).toEqual(new Set(['account:1', 'account:2']))
})
