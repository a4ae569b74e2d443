import { fencepost } from 'fencepost'
import pg from 'pg'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'

const database = await cloneDatabase()
await using setup = fencepost(database.url)
await database.admin.query('create table ledger (account_id integer, who text)')
await setup.protect('ledger', 'account:{account_id}')
beforeEach(() => database.admin.query(`begin; select fencepost.bypass('a clean table'); truncate ledger; commit`))
afterAll(() => database[Symbol.asyncDispose]())

const entries = async () => (await database.admin.query<{ who: string }>('select who from ledger')).rows
const ZOMBIE = `insert into ledger values (1, 'zombie')`

/** A program that knows nothing of us: what it has is in the options of its connection. */
async function program(token: number): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: database.url,
    options: `-c fencepost.name=account:1 -c fencepost.token=${token}`,
  })
  client.on('error', () => {})
  await client.connect()
  return client
}

test.each(['read committed', 'repeatable read', 'serializable'])(
  'FAULTS 1, P3: a program whose holder was frozen and superseded is refused at %s, in a transaction it had open too',
  async (isolation) => {
    await using holder = await Remote.start(database.url, { freezeTimeout: '1s' })
    const client = await program(await holder.call<number>('lock', 'account:1'))
    await client.query(ZOMBIE.replace('zombie', 'in time'))
    await client.query(`begin isolation level ${isolation}`)
    await client.query('select from ledger')

    holder.freeze()
    await using fp = fencepost(database.url)
    await using next = await fp.lock('account:1')
    await expect(client.query(ZOMBIE)).rejects.toMatchObject({
      code: 'LK001',
      message: expect.stringContaining('lock "account:1" is stale, the write to table public.ledger is refused'),
      detail: `Token ${next.token} is held now.`,
    })
    await client.query('rollback')
    await expect(client.query(ZOMBIE)).rejects.toMatchObject({ code: 'LK001' })
    await client.end()
    await next.transaction((tx) => tx.query(`insert into ledger values (1, 'next')`))
    expect(await entries()).toEqual([{ who: 'in time' }, { who: 'next' }])
  },
)

test('FAULTS 2, P3: a program whose holder was killed is refused from then on, whoever has the lock', async () => {
  await using fp = fencepost(database.url)
  const holder = await Remote.start(database.url)
  const client = await program(await holder.call<number>('lock', 'account:1'))
  await client.query(ZOMBIE.replace('zombie', 'in time'))
  await holder.kill()
  await eventually(async () => (await fp.who('account:1')).length === 0)
  await expect(client.query(ZOMBIE)).rejects.toMatchObject({ code: 'LK001', detail: expect.stringContaining('Nobody') })
  await using _ = await fp.lock('account:1')
  await expect(client.query(ZOMBIE)).rejects.toMatchObject({ code: 'LK001' })
  await client.end()
  expect(await entries()).toEqual([{ who: 'in time' }])
})

test('P3: a write that has passed keeps the next from being granted until its transaction has ended', async () => {
  await using fp = fencepost(database.url)
  await using holder = await Remote.start(database.url)
  const client = await program(await holder.call<number>('lock', 'account:1'))
  await client.query('begin')
  await client.query(ZOMBIE.replace('zombie', 'in flight'))
  await holder.kill()
  await eventually(async () => (await fp.who('account:1')).length === 0)
  expect(await fp.tryLock('account:1')).toBeNull()
  const next = fp.lock('account:1')
  // Its token is dead, but the gate keeps the next out: what it does belongs to before.
  await client.query(ZOMBIE.replace('zombie', 'in flight still'))
  await client.query('commit')
  await using lock = await next
  const seen = await lock.transaction((tx) => tx.query(`select who from ledger`))
  expect(seen.rows).toEqual([{ who: 'in flight' }, { who: 'in flight still' }])
  await client.end()
})

test('P4: a program that is frozen in a transaction which has passed is ended, and does not keep the gate', async () => {
  await using fp = fencepost(database.url)
  const lock = await fp.lock('account:1')
  const client = await program(lock.token)
  await client.query(`set fencepost.freeze_timeout = '300 ms'`)
  await client.query('begin')
  await client.query(ZOMBIE)
  await lock.release()
  await using next = await fp.lock('account:1')
  await expect(client.query('commit')).rejects.toThrow(/terminat|not queryable/)
  expect(next.token).toBeGreaterThan(lock.token)
  expect(await entries()).toEqual([])
})
