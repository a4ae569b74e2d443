import { execFile } from 'node:child_process'
import { fencepost } from 'fencepost'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../../support/database.ts'
import { PGBOUNCER, startPgBouncer } from '../../support/pgbouncer.ts'
import { PSQL } from '../../support/psql.ts'
import { BINARY, Command, runCommand } from '../command.ts'

const database = await cloneDatabase()
const fp = fencepost(database.url)
const env = { DATABASE_URL: database.url }
await database.admin.query('create table ledger (account text, who text)')
await fp.protect('ledger', '{account}')
afterAll(async () => {
  await fp.close()
  await database[Symbol.asyncDispose]()
})

const ASIDE = ['-X', '-q', '-v', 'VERBOSITY=verbose']
const insert = (account: string, who: string) => `insert into ledger values ('${account}', '${who}')`

async function written(account: string): Promise<string[]> {
  const { rows } = await database.admin.query<{ who: string }>('select who from ledger where account = $1', [account])
  return rows.map(({ who }) => who)
}

/** psql under a lock, which does what is written to the command. */
async function psql(name: string, ...options: string[]): Promise<Command> {
  const program = [PSQL as string, ...ASIDE, database.url]
  const command = new Command(['run', name, ...options, '--', ...program], { env })
  command.write(`${insert(name, 'before')};\n\\echo written\n`)
  await command.prints('written')
  return command
}

test.skipIf(PSQL === undefined)(
  'P3: psql, unmodified, writes to a protected table under the lock, and is refused without',
  async () => {
    const program = [PSQL as string, ...ASIDE, '-v', 'ON_ERROR_STOP=1', '-c', insert('report', 'psql'), database.url]
    expect(await runCommand(['run', 'report', '--', ...program], { env })).toMatchObject({ code: 0, stderr: '' })
    const other = await runCommand(['run', 'another', '--', ...program], { env })
    expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining('LK005') })
    const bare = promisify(execFile)(program[0] ?? '', program.slice(1))
    await expect(bare).rejects.toMatchObject({ stderr: expect.stringContaining('LK005') })
    expect(await written('report')).toEqual(['psql'])
  },
)

test.skipIf(PSQL === undefined)('P3: psql, unmodified, is refused after an eviction', async () => {
  const command = new Command(
    [
      'run',
      'evicted',
      '--',
      'sh',
      '-c',
      `trap "" TERM; echo runs; read -r _; "$@"`,
      'sh',
      PSQL as string,
      ...ASIDE,
      '-c',
      insert('evicted', 'psql'),
      database.url,
    ],
    { env },
  )
  await command.prints('runs')
  await fp.evict('evicted')
  await command.says('was lost')
  command.write('go\n')
  expect(await command.closed).toEqual({ code: 79, signal: null })
  expect(command.stderr).toContain('LK001')
  expect(await written('evicted')).toEqual([])
})

test.skipIf(PSQL === undefined)(
  'P3, P4: of a command that is frozen, the program is refused, and stopped when it wakes',
  async () => {
    const command = await psql('frozen', '--freeze-timeout', '1s')
    command.kill('SIGSTOP')
    await using next = await fp.lock('frozen', { wait: '30s' })
    await next.transaction(async (tx) => tx.query(insert('frozen', 'next')))
    // Nobody has told the program; it still has its stdin.
    command.write(`${insert('frozen', 'zombie')};\n`)
    await command.says('LK001')
    command.kill('SIGCONT')
    expect(await command.closed).toEqual({ code: 79, signal: null })
    expect(command.stderr).toContain('"frozen" was lost')
    expect(await written('frozen')).toEqual(['before', 'next'])
  },
)

test.skipIf(PSQL === undefined)('PGOPTIONS that are set already are kept', async () => {
  const script = `psql="$1"; "$psql" -XqAt -c 'show work_mem' -c "${insert('kept', 'psql')}" "$DATABASE_URL"`
  const settings = { env: { ...env, PGOPTIONS: '-c work_mem=77MB' } }
  const command = ['run', 'kept', '--', 'sh', '-c', script, 'sh', PSQL as string]
  expect(await runCommand(command, settings)).toEqual({ code: 0, stdout: '77MB\n', stderr: '' })
  expect(await written('kept')).toEqual(['psql'])
})

test.skipIf(PSQL === undefined)('P3: a run inside of a run writes under both names', async () => {
  const settings = { env: { ...env, NODE: process.execPath, BINARY, PSQL: PSQL as string } }
  const both = `${insert('outer', 'both')}; ${insert('inner', 'both')}`
  const inner = `"$NODE" "$BINARY" run inner -- "$PSQL" -Xq -v ON_ERROR_STOP=1 -c "${both}" "$DATABASE_URL"`
  expect(await runCommand(['run', 'outer', '--', 'sh', '-c', inner], settings)).toEqual({
    code: 0,
    stdout: '',
    stderr: '',
  })
  expect([await written('outer'), await written('inner')]).toEqual([['both'], ['both']])
})

test.skipIf(PSQL === undefined || PGBOUNCER === undefined)(
  'a program behind PgBouncer, which does not know the fence, is not let in',
  async () => {
    await using bouncer = await startPgBouncer(database.url, 'session')
    const program = [PSQL as string, ...ASIDE, '-c', insert('pooled', 'psql'), bouncer.url]
    const { code, stderr } = await runCommand(['run', 'pooled', '--', ...program], { env })
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('unsupported startup parameter') })
    expect(await written('pooled')).toEqual([])
  },
)

test.skipIf(PSQL === undefined)('P3: what the program has in flight when the command is killed is undone', async () => {
  const command = await psql('torn')
  command.write(`begin;\n${insert('torn', 'torn')};\n\\echo in flight\n`)
  await command.prints('in flight')
  command.kill('SIGKILL')
  await using next = await fp.lock('torn', { wait: '30s' })
  await next.transaction(async (tx) => tx.query(insert('torn', 'next')))
  expect(await written('torn')).toEqual(['before', 'next'])
})
