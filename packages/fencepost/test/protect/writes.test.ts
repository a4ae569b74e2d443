import { fencepost } from 'fencepost'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'

const database = await cloneDatabase()
const fp = fencepost(database.url)
await database.admin.query(`
  create table ledger (id integer primary key, account_id integer, amount integer);
  create table owners (id integer primary key);
  create table goods (id integer primary key, owner integer references owners on delete cascade on update cascade);
  insert into ledger values (1, 1, 10), (2, 2, 20);
  insert into owners values (1), (2);
  insert into goods values (1, 1), (2, 2)`)
await fp.protect('ledger', 'account:{account_id}')
await fp.protect('goods', 'owner:{owner}')
const lock = await fp.lockAll(['account:1', 'owner:1'])
const token = lock.locks.find(({ name }) => name === 'account:1')?.token ?? 0
const client = await database.admin.connect()
afterAll(async () => {
  client.release(true)
  await fp.close()
  await database[Symbol.asyncDispose]()
})

const LEVELS = ['read committed', 'repeatable read', 'serializable'] as const

/** Whether a transaction with the fences of both locks, or none, may do it. It is rolled back. */
async function attempt(statement: string, isolation = 'read committed', isFenced = true): Promise<string> {
  await client.query(`begin isolation level ${isolation}`)
  try {
    if (isFenced) await lock.guard(client)
    await client.query(statement)
    return 'passed'
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error
    return `${error.code} ${error.constraint}`
  } finally {
    await client.query('rollback')
  }
}

const MERGE = `merge into ledger using (values (ID, ACCOUNT)) as new (id, account_id) on ledger.id = new.id
  when matched then update set amount = 0 when not matched then insert values (new.id, new.account_id, 0)`
const merge = (id: number, account: number) => MERGE.replace('ID', String(id)).replace('ACCOUNT', String(account))
const serverVersion = Number((await client.query('show server_version_num')).rows[0].server_version_num)

test.each(LEVELS)(
  'P3: what writes to a row passes with the token of its lock, and with no other, at %s',
  async (level) => {
    const expected: [statement: string, needs: number][] = [
      ['insert into ledger values (3, 1, 0)', 1],
      ['insert into ledger values (3, 1, 0), (4, 2, 0)', 2],
      ['update ledger set amount = 0 where id = 1', 1],
      ['update ledger set amount = 0', 2],
      // Both what a row was and what it becomes.
      ['update ledger set account_id = 1 where id = 2', 2],
      ['update ledger set account_id = 2 where id = 1', 2],
      ['delete from ledger where id = 1', 1],
      ['delete from ledger where id = 2', 2],
      ['insert into ledger values (1, 1, 0) on conflict (id) do update set amount = 0', 1],
      ['insert into ledger values (2, 1, 0) on conflict (id) do update set amount = 0', 2],
      ['insert into ledger values (2, 2, 0) on conflict do nothing', 1],
      ['with gone as (delete from ledger where id = 2 returning *) insert into ledger select 5, 1, 0 from gone', 2],
      ...(serverVersion < 150000
        ? []
        : ([
            [merge(1, 1), 1],
            [merge(2, 2), 2],
            [merge(6, 1), 1],
            [merge(6, 2), 2],
          ] satisfies [string, number][])),
      ['update ledger set amount = 0 where false', 1],
    ]
    for (const [statement, needs] of expected) {
      expect([statement, await attempt(statement, level)]).toEqual([
        statement,
        needs === 1 ? 'passed' : 'LK005 account:2',
      ])
    }
    expect(await attempt('insert into ledger values (3, 1, 0)', level, false)).toBe('LK005 account:1')
  },
)

test.each(LEVELS)('P3: what a foreign key cascades to is checked as any other write, at %s', async (level) => {
  expect(await attempt('delete from owners where id = 1', level)).toBe('passed')
  expect(await attempt('delete from owners where id = 2', level)).toBe('LK005 owner:2')
  expect(await attempt('update owners set id = 3 where id = 1', level)).toBe('LK005 owner:3')
  expect(await attempt('delete from owners where id = 1', level, false)).toBe('LK005 owner:1')
})

test('P3: COPY is checked row by row, and one row too many leaves none', async () => {
  const copy = async (text: string) => {
    await client.query('begin')
    await lock.guard(client)
    await new Promise<void>((resolve, reject) => {
      const query = new pg.Query('copy ledger from stdin')
      Object.assign(query, {
        handleCopyInResponse(connection: { sendCopyFromChunk(chunk: Buffer): void; endCopyFrom(): void }) {
          connection.sendCopyFromChunk(Buffer.from(text))
          connection.endCopyFrom()
        },
        callback: (error: Error | null) => (error ? reject(error) : resolve()),
      })
      client.query(query)
    })
  }
  await copy('11\t1\t0\n12\t1\t0\n')
  await client.query('commit')
  await expect(copy('13\t1\t0\n14\t2\t0\n')).rejects.toMatchObject({ code: 'LK005', constraint: 'account:2' })
  await client.query('rollback')
  expect((await client.query('select id from ledger where id > 10')).rows).toEqual([{ id: 11 }, { id: 12 }])
})

test('P3: a row whose name cannot be told is refused, and says why', async () => {
  await client.query('begin')
  await lock.guard(client)
  await expect(client.query('insert into ledger values (3, null, 0)')).rejects.toMatchObject({
    code: 'LK005',
    message: 'a row of table public.ledger has no lock name: a column of its name is null',
  })
  await client.query('rollback')
})

test('P3: a token of another name, a future one, a name without a token and settings that are nonsense are refused (H10)', async () => {
  const other = lock.locks.find(({ name }) => name === 'owner:1')?.token ?? 0
  for (const [name, wrong, code] of [
    ['account:1', other, 'LK001'],
    ['account:1', token + 2, 'LK001'],
    ['account:1', '', 'LK005'],
    ['account:1', 'many', '22023'],
    ['account:1', '99999999999999999999', '22023'],
    ['account:2', token, 'LK005'],
    ['', token, 'LK005'],
  ] as const) {
    await client.query('begin')
    await client.query(`select set_config('fencepost.name', $1, true), set_config('fencepost.token', $2, true)`, [
      name,
      wrong,
    ])
    await expect(client.query('insert into ledger values (3, 1, 0)')).rejects.toMatchObject({ code })
    await client.query('rollback')
  }
  await client.query('begin')
  await client.query(
    `select set_config('fencepost.name', 'account:1', true), set_config('fencepost.token', $1, true),
      set_config('fencepost.namespace', 'elsewhere', true)`,
    [token],
  )
  await expect(client.query('insert into ledger values (3, 1, 0)')).rejects.toMatchObject({ code: 'LK005' })
  await client.query('rollback')
})

test('P3: the note that a token was looked at is good for its own transaction only', async () => {
  await client.query('begin')
  await lock.guard(client)
  await client.query('insert into ledger values (21, 1, 0)')
  const { rows } = await client.query(`select current_setting('fencepost.passed') as passed`)
  await client.query('commit')
  await client.query('begin')
  await client.query(`select set_config('fencepost.passed', $1, true)`, [rows[0].passed])
  await expect(client.query('insert into ledger values (22, 1, 0)')).rejects.toMatchObject({ code: 'LK005' })
  await client.query('rollback')
})

test('P3: the token is good on the very connection that holds the lock, in plain SQL', async () => {
  const plain = await database.admin.connect()
  const { rows } = await plain.query(`call fencepost.lock('account:7')`)
  await plain.query(
    `select set_config('fencepost.name', 'account:7', false), set_config('fencepost.token', $1, false)`,
    [rows[0].token],
  )
  await plain.query('insert into ledger values (31, 7, 0)')
  await plain.query(`select fencepost.unlock('account:7')`)
  await expect(plain.query('insert into ledger values (32, 7, 0)')).rejects.toMatchObject({ code: 'LK001' })
  plain.release(true)
})

test('P3: who holds a name together with others, shared, may write as well', async () => {
  await using shared = await fp.lock('account:8', { shared: true })
  await shared.transaction((tx) => tx.query('insert into ledger values (41, 8, 0)'))
  await shared.release()
  await client.query('begin')
  await client.query(
    `select set_config('fencepost.name', 'account:8', true), set_config('fencepost.token', $1, true)`,
    [shared.token],
  )
  await expect(client.query('insert into ledger values (42, 8, 0)')).rejects.toMatchObject({ code: 'LK001' })
  await client.query('rollback')
})
