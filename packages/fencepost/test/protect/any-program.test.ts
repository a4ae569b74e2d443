import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { fencepost, type Lock } from 'fencepost'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { PSQL } from '../support/psql.ts'

const database = await cloneDatabase()
const fp = fencepost(database.url)
await database.admin.query('create table ledger (account_id integer, who text)')
await fp.protect('ledger', 'account:{account_id}')
afterAll(async () => {
  await fp.close()
  await database[Symbol.asyncDispose]()
})

const WAYS = [
  ['name and token', ({ token }: Lock) => `-c fencepost.name=account:1 -c fencepost.token=${token}`],
  ['pgOptions', ({ pgOptions }: Lock) => pgOptions],
] as const
const INSERT = `insert into ledger values (1, 'a program')`

/** Runs psql as it is; the exit code is 3 if a statement failed. */
async function psql(input: string, PGOPTIONS: string): Promise<string> {
  const running = promisify(execFile)(
    PSQL as string,
    ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-v', 'VERBOSITY=verbose', database.url],
    {
      env: { ...process.env, PGOPTIONS },
    },
  )
  running.child.stdin?.end(input)
  return await running.then(
    () => 'done',
    ({ code, stderr }: { code: number; stderr: string }) => `exit ${code}: ${stderr}`,
  )
}

test.skipIf(PSQL === undefined).each(WAYS)(
  'P3: psql, unmodified, is fenced by PGOPTIONS, of %s: statements, COPY and \\copy alike',
  async (_, optionsOf) => {
    const lock = await fp.lock('account:1', { wait: '1s' })
    const script = [
      `${INSERT};`,
      'copy ledger from stdin;\n1\tcopied\n\\.\n',
      `begin; update ledger set who = 'b'; commit;`,
    ]
    for (const input of script) {
      expect(await psql(input, optionsOf(lock))).toBe('done')
      expect(await psql(input, '')).toMatch(/^exit 3: .*LK005/s)
    }
    await lock.release()
    await using next = await fp.lock('account:1')
    for (const input of script) expect(await psql(input, optionsOf(lock))).toMatch(/^exit 3: .*LK001/s)
    expect(await psql(INSERT, optionsOf(next))).toBe('done')
  },
)

test.each(WAYS)(
  'P3: a plain client is fenced by the options of its connection, of %s, in each of its transactions',
  async (_, optionsOf) => {
    const lock = await fp.lock('account:1')
    const client = new pg.Client({ connectionString: database.url, options: optionsOf(lock) })
    await client.connect()
    for (const isolation of ['read committed', 'repeatable read', 'serializable']) {
      await client.query(`begin isolation level ${isolation}`)
      await client.query(INSERT)
      await client.query('commit')
      await client.query(INSERT)
    }
    await expect(client.query(`insert into ledger values (2, 'x')`)).rejects.toMatchObject({ code: 'LK005' })
    await lock.release()
    await expect(client.query(INSERT)).rejects.toMatchObject({ code: 'LK001' })
    await client.end()
  },
)

test('P3: one program may write under several locks that are held together, and under no other', async () => {
  const locks = await fp.lockAll(['account:1', 'account:2'])
  const client = new pg.Client({ connectionString: database.url, options: locks.pgOptions })
  await client.connect()
  await client.query(`insert into ledger values (1, 'x'), (2, 'x')`)
  await expect(client.query(`insert into ledger values (3, 'x')`)).rejects.toMatchObject({ code: 'LK005' })
  await locks.locks[0]?.release()
  await expect(client.query(`insert into ledger values (1, 'x'), (2, 'x')`)).rejects.toMatchObject({ code: 'LK001' })
  await locks.release()
  await client.end()
})

test('P4: a frozen program keeps the next holder waiting for no longer than the freezeTimeout of its lock', async () => {
  await using brief = fencepost(database.url, { freezeTimeout: '1s' })
  const lock = await brief.lock('account:1')
  const client = new pg.Client({ connectionString: database.url, options: lock.pgOptions })
  const ended = new Promise((resolve) => client.once('error', resolve).on('error', () => {}))
  await client.connect()
  await client.query('begin')
  await client.query(INSERT)
  await lock.release()
  await using _next = await fp.lock('account:1', { wait: '30s' })
  // idle_in_transaction_session_timeout
  expect(await ended).toMatchObject({ code: '25P03' })
})
