import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { fencepost } from 'fencepost'
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

const optionsOf = (token: number) => `-c fencepost.name=account:1 -c fencepost.token=${token}`
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

test.skipIf(PSQL === undefined)(
  'P3: psql, unmodified, is fenced by PGOPTIONS: statements, COPY and \\copy alike',
  async () => {
    const lock = await fp.lock('account:1', { wait: '1s' })
    const script = [
      `${INSERT};`,
      'copy ledger from stdin;\n1\tcopied\n\\.\n',
      `begin; update ledger set who = 'b'; commit;`,
    ]
    for (const input of script) {
      expect(await psql(input, optionsOf(lock.token))).toBe('done')
      expect(await psql(input, '')).toMatch(/^exit 3: .*LK005/s)
    }
    await lock.release()
    await using next = await fp.lock('account:1')
    for (const input of script) expect(await psql(input, optionsOf(lock.token))).toMatch(/^exit 3: .*LK001/s)
    expect(await psql(INSERT, optionsOf(next.token))).toBe('done')
  },
)

test('P3: a plain client is fenced by the options of its connection, in each of its transactions', async () => {
  const lock = await fp.lock('account:1')
  const client = new pg.Client({ connectionString: database.url, options: optionsOf(lock.token) })
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
})
