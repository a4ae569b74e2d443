import { fencepost, StaleTokenError, TruncateRefusedError, UnguardedWriteError } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'

const database = await cloneDatabase()
const fp = fencepost(database.url)
await database.admin.query('create table ledger (account_id integer, who text)')
await fp.protect('ledger', 'account:{account_id}')
afterAll(async () => {
  await fp.close()
  await database[Symbol.asyncDispose]()
})

const insert = (account: number) => `insert into ledger values (${account}, 'x')`

test('P3: a write in lock.transaction passes at every isolation level, and one of another name is an UnguardedWriteError', async () => {
  await using lock = await fp.lock('account:1')
  for (const isolation of ['read committed', 'repeatable read', 'serializable'] as const) {
    await lock.transaction((tx) => tx.query(insert(1)), { isolation })
    const error = await lock.transaction((tx) => tx.query(insert(2)), { isolation }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(UnguardedWriteError)
    expect(error).toMatchObject({
      code: 'UNGUARDED_WRITE',
      table: 'public.ledger',
      lockName: 'account:2',
      message: expect.stringMatching(/needs lock "account:2".*lock\.guard\(tx\) before the write/),
      cause: { code: 'LK005' },
    })
  }
})

test('P3: a set passes with each of its names, and with no other', async () => {
  await using both = await fp.lockAll(['account:3', 'account:4'])
  await both.transaction(async (tx) => {
    await tx.query(insert(3))
    await tx.query(insert(4))
    await tx.query('update ledger set account_id = 7 - account_id where account_id in (3, 4)')
  })
  await expect(both.transaction((tx) => tx.query(insert(5)))).rejects.toMatchObject({ lockName: 'account:5' })
})

test('P3: lock.guard(tx) lets the writes after it pass, of each lock that guards', async () => {
  await using one = await fp.lock('account:1')
  await using two = await fp.lock('account:2')
  const client = await database.admin.connect()
  await client.query('begin')
  await one.guard(client)
  await one.guard(client)
  await two.guard(client)
  await client.query(insert(1))
  await client.query(insert(2))
  expect((await client.query('show fencepost.fences')).rows[0]['fencepost.fences'].split(',')).toHaveLength(6)
  await client.query('commit')
  // They end with the transaction.
  await expect(client.query(insert(1))).rejects.toMatchObject({ code: 'LK005' })
  client.release()
})

test('P3, P5: a lock that is lost in the middle of its transaction has the next write refused with a StaleTokenError, and it is told', async () => {
  const refused: string[] = []
  using _ = fp.on('refused', ({ name }) => refused.push(name))
  const lock = await fp.lock('account:6')
  const work = lock.transaction(async (tx) => {
    await database.admin.query('select pg_terminate_backend(backend, 5000) from fencepost.who($1)', ['account:6'])
    await using other = fencepost(database.url)
    await using __ = await other.lock('account:6')
    await tx.query(insert(6))
  })
  await expect(work).rejects.toBeInstanceOf(StaleTokenError)
  expect(refused).toEqual(['account:6'])
})

test('TRUNCATE in a guarded transaction is a TruncateRefusedError', async () => {
  await using lock = await fp.lock('account:1')
  const error = await lock.transaction((tx) => tx.query('truncate ledger')).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(TruncateRefusedError)
  expect(error).toMatchObject({ code: 'TRUNCATE_REFUSED', table: 'public.ledger', cause: { code: 'LK006' } })
})

test('a table is protected in the namespace of the instance, under a schema of any name', async () => {
  await database.admin.query('create table elsewhere (n integer)')
  await using other = fencepost(database.url, { schema: 'other', namespace: 'tenant' })
  await other.protect('elsewhere', 'row:{n}')
  await using lock = await other.lock('row:1')
  await lock.transaction((tx) => tx.query('insert into elsewhere values (1)'))
  await expect(lock.transaction((tx) => tx.query('insert into elsewhere values (2)'))).rejects.toMatchObject({
    code: 'UNGUARDED_WRITE',
    lockName: 'row:2',
  })
  const client = await database.admin.connect()
  await client.query(
    `begin; select set_config('fencepost.name', 'row:1', true), set_config('fencepost.token', '${lock.token}', true),
      set_config('fencepost.namespace', 'tenant', true)`,
  )
  await client.query('insert into elsewhere values (1)')
  await client.query('commit')
  client.release()
  await using stranger = await fp.lock('row:1')
  await expect(stranger.transaction((tx) => tx.query('insert into elsewhere values (1)'))).rejects.toMatchObject({
    code: 'UNGUARDED_WRITE',
  })
  expect(await other.unprotect('elsewhere')).toBe(true)
  await database.admin.query('insert into elsewhere values (2)')
})

test('protecting again does nothing, whoever else does it at the same time; unprotecting says whether there was anything', async () => {
  await database.admin.query('create table often (n integer)')
  const triggers = async () =>
    (await database.admin.query(`select oid from pg_trigger where tgrelid = 'often'::regclass order by 1`)).rows
  await Promise.all(Array.from({ length: 4 }, () => fp.protect('often', 'n:{n}')))
  const before = await triggers()
  expect(before).toHaveLength(4)
  await fp.protect('often', 'n:{n}')
  expect(await triggers()).toEqual(before)
  await fp.protect('often', 'm:{n}')
  expect(await triggers()).not.toEqual(before)
  expect(
    (await database.admin.query(`select * from fencepost.protected_tables where relation = 'often'::regclass`)).rows,
  ).toEqual([
    {
      relation: 'often',
      lock_name: 'm:{n}',
      mode: 'refuse',
      namespace: 'default',
      truncatable: '{}',
      unprotected: '{}',
    },
  ])
  expect(await fp.unprotect('often')).toBe(true)
  expect(await fp.unprotect('often')).toBe(false)
  expect(await triggers()).toEqual([])
})

test('what cannot be protected is refused by name', async () => {
  await database.admin.query(`create table odd (at timestamptz, n integer); create view seen as select * from odd`)
  for (const [table, name, message] of [
    ['odd', 'a:{m}', /no column "m"/],
    ['odd', 'a:{at}', /"at" of table public.odd is a timestamp with time zone/],
    ['odd', 'a:{n', /"a:\{n" is no name/],
    ['odd', 'a:n}', /is no name/],
    ['odd', '{}', /is no name/],
    ['odd', '{ctid}', /no column "ctid"/],
    ['seen', 'a:{n}', /seen is no table/],
    ['none', 'a', /"none" does not exist/],
    ['odd; drop table odd', 'a', /invalid name syntax|does not exist/],
  ] as const) {
    await expect(fp.protect(table, name)).rejects.toThrow(message)
  }
  await expect(fp.protect('odd', '')).rejects.toThrow(TypeError)
  await expect(fp.protect('', 'a')).rejects.toThrow(TypeError)
  await expect(fp.protect('odd', 'a', { mode: 'log' as 'report' })).rejects.toThrow(TypeError)
})
