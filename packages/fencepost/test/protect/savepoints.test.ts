import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'

const database = await cloneDatabase()
const fp = fencepost(database.url)
await database.admin.query('create table ledger (account_id integer, who text)')
await fp.protect('ledger', 'account:{account_id}')
const client = await database.admin.connect()
afterAll(async () => {
  client.release(true)
  await fp.close()
  await database[Symbol.asyncDispose]()
})

const insert = (account = 1) => client.query(`insert into ledger values ($1, 'x')`, [account])

test('P3: a guard in a savepoint that is rolled back lets no later write pass (H27)', async () => {
  await using lock = await fp.lock('account:1')
  await client.query('begin; savepoint a')
  await lock.guard(client)
  await insert()
  await client.query('rollback to a')
  await expect(insert()).rejects.toMatchObject({ code: 'LK005' })
  await client.query('rollback')

  await client.query('begin; savepoint a')
  await lock.guard(client)
  await client.query('release a; savepoint b')
  await insert()
  await client.query('rollback to b')
  await insert()
  await client.query('commit')
})

test('P3: a write in a savepoint that is rolled back gives its gate back, and the next write asks anew (H27)', async () => {
  const lock = await fp.lock('account:2')
  await client.query('begin')
  await client.query(
    `select set_config('fencepost.name', 'account:2', true), set_config('fencepost.token', $1, true)`,
    [lock.token],
  )
  await client.query('savepoint a')
  await insert(2)
  await client.query('rollback to a')
  await lock.release()
  // Nothing keeps the next out: the gate went with the savepoint.
  await using next = await fp.lock('account:2')
  await expect(insert(2)).rejects.toMatchObject({ code: 'LK001', detail: `Token ${next.token} is held now.` })
  await client.query('rollback')
})

test('P3: a refusal that is swallowed in a savepoint leaves nothing written (H27)', async () => {
  const lock = await fp.lock('account:3')
  await lock.release()
  await eventually(async () => (await fp.who('account:3')).length === 0)
  await client.query(
    `begin; select set_config('fencepost.name', 'account:3', true), set_config('fencepost.token', '${lock.token}', true)`,
  )
  await client.query(`do $$ begin insert into ledger values (3, 'swallowed'); exception when others then null; end $$`)
  await client.query('savepoint a')
  await expect(insert(3)).rejects.toMatchObject({ code: 'LK001' })
  await client.query('rollback to a; commit')
  expect((await client.query('select from ledger where account_id = 3')).rowCount).toBe(0)
})

test('P3: a row that a later BEFORE trigger gives to another account needs the lock of that one (H27)', async () => {
  await client.query(`
    create function divert() returns trigger language plpgsql as 'begin new.account_id := 5; return new; end';
    create trigger zz_divert before insert or update on ledger for each row execute function divert()`)
  await using mine = await fp.lock('account:4')
  const work = mine.transaction((tx) => tx.query(`insert into ledger values (4, 'diverted')`))
  await expect(work).rejects.toMatchObject({ code: 'UNGUARDED_WRITE', lockName: 'account:5', table: 'public.ledger' })
  await using both = await fp.lockAll(['account:6', 'account:5'])
  await both.transaction((tx) => tx.query(`insert into ledger values (4, 'diverted')`))
  await client.query('drop trigger zz_divert on ledger')
  expect((await client.query(`select account_id from ledger where who = 'diverted'`)).rows).toEqual([{ account_id: 5 }])
})

test('P3: what a deferred trigger writes at COMMIT is checked, and passes with the fence of the transaction', async () => {
  await client.query(`
    create table orders (account_id integer);
    create function book() returns trigger language plpgsql as
      $$ begin insert into ledger values (new.account_id, 'booked'); return null; end $$;
    create constraint trigger book after insert on orders deferrable initially deferred for each row execute function book()`)
  await using lock = await fp.lock('account:9')
  await lock.transaction((tx) => tx.query('insert into orders values (9)'))
  expect((await client.query(`select account_id from ledger where who = 'booked'`)).rows).toEqual([{ account_id: 9 }])
  await expect(client.query('insert into orders values (9)')).rejects.toMatchObject({ code: 'LK005' })
  await expect(lock.transaction((tx) => tx.query('insert into orders values (10)'))).rejects.toMatchObject({
    code: 'UNGUARDED_WRITE',
    lockName: 'account:10',
  })
})
