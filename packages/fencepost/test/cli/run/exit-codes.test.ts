import { fencepost } from 'fencepost'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../../support/database.ts'
import { PGBOUNCER, startPgBouncer } from '../../support/pgbouncer.ts'
import { runCommand } from '../command.ts'

const NOBODY_LISTENS = 'postgres://someone:hunter2@127.0.0.1:1/app'
const database = await cloneDatabase()
const fp = fencepost(database.url)
const folder = await mkdtemp(join(tmpdir(), 'fencepost-run-'))
afterAll(async () => {
  await fp.close()
  await database[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

const run = (...args: string[]) => runCommand(['run', ...args], { env: { DATABASE_URL: database.url } })

test.each([
  [0, 'exit 0'],
  [1, 'exit 1'],
  [42, 'exit 42'],
  [255, 'exit 255'],
  [143, 'kill -TERM $$'],
  [137, 'kill -KILL $$'],
])('%i is the exit code of a program that ends by: %s', async (code, script) => {
  expect(await run('own', '--', 'sh', '-c', script)).toEqual({ code, stdout: '', stderr: '' })
})

test('the program gets its arguments to the letter, also those that look like ours', async () => {
  const args = ['-c', 'a b', '--', '--wait', '1', '', '*', '--version', '$HOME']
  const { code, stdout } = await run(
    'argv',
    '--wait',
    '10s',
    '--',
    'node',
    '-p',
    'process.argv.slice(1)+""',
    '--',
    ...args,
  )
  expect({ code, stdout }).toEqual({ code: 0, stdout: `${args.join()}\n` })
})

test('options may come before the name, and the program is called what it was called', async () => {
  const { stdout } = await run('--wait', '10s', 'before', '--', 'sh', '-c', 'echo "$0 $FENCEPOST_NAME"')
  expect(stdout).toBe('sh before\n')
})

test.each([
  ['the name is forgotten', ['--', 'true'], /name of the lock is missing/],
  ['-- is forgotten', ['name', 'true'], /-- is missing before the program/],
  ['-- is forgotten before a program with options', ['name', 'psql', '-c', 'x'], /comes after --/],
  ['there is no program', ['name', '--'], /no program is given after --/],
  ['there is nothing', [], /missing required argument 'name'/],
  ['something stands before --', ['name', 'sudo', '--', 'true'], /only the name stands before --/],
  ['a duration lacks its unit', ['name', '--wait', '10', '--', 'true'], /duration with a unit/],
  ['a duration is none', ['name', '--grace', 'soon', '--', 'true'], /duration with a unit/],
  ['the freeze timeout is too short', ['name', '--freeze-timeout', '10ms', '--', 'true'], /at least '1s'/],
  ['an exit code is none', ['name', '-E', '256', '--', 'true'], /from 0 to 255/],
  ['retention comes without --once', ['name', '--retention', '1d', '--', 'true'], /are for --once/],
  ['the once-key is empty', ['name', '--once', '', '--', 'true'], /It must not be empty/],
  ['the retention is too short', ['name', '--once', 'k', '--retention', '9ms', '--', 'true'], /at least 1s/],
  ['the name is empty', ['', '--', 'true'], /must not be empty/],
  ['the namespace has a colon', ['name', '--namespace', 'a:b', '--', 'true'], /':'/],
  ['an option has a typo', ['name', '--wiat', '1s', '--', 'true'], /Did you mean --wait/],
])('64 if %s', async (_, args, message) => {
  const { code, stdout, stderr } = await run(...args)
  expect({ code, stdout }).toEqual({ code: 64, stdout: '' })
  expect(stderr).toMatch(message)
})

test('64 without a database, and it says how to name one', async () => {
  const { code, stderr } = await runCommand(['run', 'name', '--', 'true'])
  expect({ code, stderr }).toEqual({ code: 64, stderr: expect.stringContaining('set DATABASE_URL') })
})

test('69 if the database cannot be reached, and the program is not run', async () => {
  const { code, stdout, stderr } = await runCommand(['run', 'name', '--url', NOBODY_LISTENS, '--', 'echo', 'ran'])
  expect({ code, stdout }).toEqual({ code: 69, stdout: '' })
  expect(stderr).not.toContain('hunter2')
})

test('75 if the lock is busy, and who holds it is told', async () => {
  await using _ = await fp.lock('busy')
  for (const wait of [['--no-wait'], ['--wait', '2s']]) {
    const { code, stdout, stderr } = await run('busy', ...wait, '--', 'echo', 'ran')
    expect({ code, stdout }).toEqual({ code: 75, stdout: '' })
    expect(stderr).toMatch(new RegExp(`"busy" .*held by .*pid ${process.pid}`))
  }
  expect(await run('busy', '--no-wait', '-E', '3', '--', 'echo', 'ran')).toMatchObject({ code: 3, stdout: '' })
  expect(await run('busy', '--no-wait', '--busy-ok', '--', 'echo', 'ran')).toMatchObject({ code: 0, stdout: '' })
  const silent = await run('busy', '--no-wait', '--busy-ok', '--quiet', '--', 'echo', 'ran')
  expect(silent).toEqual({ code: 0, stdout: '', stderr: '' })
})

test('shared runs go together, and one that is not shared does not', async () => {
  await using _ = await fp.lock('catalogue', { shared: true })
  expect(await run('catalogue', '--shared', '--no-wait', '--', 'echo', 'ran')).toMatchObject({
    code: 0,
    stdout: 'ran\n',
  })
  expect(await run('catalogue', '--no-wait', '--', 'echo', 'ran')).toMatchObject({ code: 75, stdout: '' })
})

test('names of another namespace are other locks', async () => {
  await using _ = await fp.lock('spaced')
  expect(await run('spaced', '--namespace', 'other', '--no-wait', '--', 'true')).toMatchObject({ code: 0 })
})

test.skipIf(PGBOUNCER === undefined)('78 behind a pooler in transaction mode, and the program is not run', async () => {
  await using bouncer = await startPgBouncer(database.url, 'transaction')
  const { code, stdout, stderr } = await run('name', '--url', bouncer.url, '--', 'echo', 'ran')
  expect({ code, stdout }).toEqual({ code: 78, stdout: '' })
  expect(stderr).toContain('pooler in transaction mode')
})

test('127 if there is no such program, 126 if it cannot be run; nobody waits for that', async () => {
  const [text, broken] = [join(folder, 'text'), join(folder, 'broken')]
  await writeFile(text, 'no program')
  await writeFile(broken, '#!/no/such/interpreter\n')
  await chmod(broken, 0o755)
  await using _ = await fp.lock('missing')
  const expected: [string, number, string][] = [
    ['fencepost-no-such-program', 127, 'no folder in PATH has it'],
    [join(folder, 'nothing'), 127, 'there is no such file'],
    [text, 126, 'it is not executable'],
    [folder, 126, 'it is a folder'],
  ]
  for (const [program, code, stderr] of expected)
    expect(await run('missing', '--', program)).toEqual({ code, stdout: '', stderr: expect.stringContaining(stderr) })
  expect(await run('free', '--', broken)).toMatchObject({ code: 126, stderr: expect.stringContaining('cannot run') })
})

test('another schema works, also for --once', async () => {
  await fencepost(database.url, { schema: 'elsewhere' }).migrate()
  const args = ['name', '--schema', 'elsewhere', '--once', 'key', '--', 'echo', 'ran']
  expect(await run(...args)).toEqual({ code: 0, stdout: 'ran\n', stderr: '' })
  expect(await run(...args)).toMatchObject({ code: 0, stdout: '' })
})

test('what a name would do to a terminal is shown, and not done', async () => {
  const { code, stderr } = await run('a\u001b[31mb', '--', '/nowhere/\u001b[2J')
  expect({ code, steers: stderr.includes('\u001b') }).toEqual({ code: 127, steers: false })
  expect(stderr).toContain(String.raw`/nowhere/\x1b[2J`)
})
