import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../../support/database.ts'
import { eventually } from '../../support/eventually.ts'
import { isAlive } from '../../support/processes.ts'
import { PSQL } from '../../support/psql.ts'
import { untilInLine } from '../../support/waiters.ts'
import { Command, runCommand } from '../command.ts'

const UNTIL_TOLD = 'echo $FENCEPOST_PERMIT; echo $$; echo runs; read -r _'
const database = await cloneDatabase()
const fp = fencepost(database.url)
const env = { DATABASE_URL: database.url }
const folder = await mkdtemp(join(tmpdir(), 'fencepost-permits-'))
afterAll(async () => {
  await fp.close()
  await database[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

const run = (...args: string[]) => runCommand(['run', ...args], { env })

/** A run that has its permit until it is written to. */
async function runs(...args: string[]): Promise<Command> {
  const command = new Command(['run', ...args, '--', 'sh', '-c', UNTIL_TOLD], { env })
  await command.prints('runs')
  return command
}

test('P1: of 6 runs at -n 2 never more than 2 are at it at once, and all come to it', async () => {
  const log = join(folder, 'log')
  const script = `echo in $FENCEPOST_PERMIT >> '${log}'; ls -R /usr/lib 2>/dev/null | head -20000 | wc -l >/dev/null; echo out $FENCEPOST_PERMIT >> '${log}'`
  const all = Array.from({ length: 6 }, () => run('six', '-n', '2', '--quiet', '--', 'sh', '-c', script))
  for (const end of await Promise.all(all)) expect(end).toEqual({ code: 0, stdout: '', stderr: '' })
  const lines = (await readFile(log, 'utf8')).trimEnd().split('\n')
  expect(lines).toHaveLength(12)
  const at = new Set<string>()
  let most = 0
  for (const line of lines) {
    const [what, permit = ''] = line.split(' ')
    expect(at.has(permit)).toBe(what === 'out')
    if (what === 'in') at.add(permit)
    else at.delete(permit)
    most = Math.max(most, at.size)
  }
  expect(most).toBe(2)
})

test('P4: kill -9 of one frees its permit for whoever waits, who has said who holds them; its program is ended', async () => {
  const [one, other] = [await runs('killed', '-n', '2'), await runs('killed', '-n', '2')]
  const next = new Command(['run', 'killed', '--permits', '2', '--', 'sh', '-c', 'echo $FENCEPOST_PERMIT'], { env })
  await next.says('waits for a permit')
  expect(next.stderr).toMatch(
    /^fencepost: waits for a permit of "killed", of which there are 2: held by sh@\S+ pid \d+ since [-\dT:]+Z and 1 more; position 1 in line\n$/,
  )
  const [permit, program] = one.stdout.split('\n')
  one.kill('SIGKILL')
  expect(await next.closed).toEqual({ code: 0, signal: null })
  expect(next.stdout).toBe(`${permit}\n`)
  await eventually(async () => !isAlive(Number(program)))
  other.write('\n')
  expect(await other.closed).toEqual({ code: 0, signal: null })
})

test('another number is refused with 78, and --replaces takes the place of the first', async () => {
  const two = await runs('differ', '-n', '2')
  const { code, stdout, stderr } = await run('differ', '-n', '3', '--', 'echo', 'ran')
  expect({ code, stdout }).toEqual({ code: 78, stdout: '' })
  expect(stderr).toMatch(/^fencepost: semaphore "differ" has 2 permits .*, not 3; .*; here: --replaces 2\n$/)
  expect(await run('differ', '-n', '3', '--no-wait', '--', 'echo', 'ran')).toMatchObject({ code: 78, stdout: '' })
  const replaced = await run('differ', '-n', '3', '--replaces', '2', '--', 'echo', 'ran')
  expect(replaced).toEqual({ code: 0, stdout: 'ran\n', stderr: '' })
  two.write('\n')
  await two.closed
})

test('none is free: 75 at once, and after --wait; a lock of the same name is another thing', async () => {
  const held = await runs('one', '-n', '1')
  const atOnce = await run('one', '-n', '1', '--no-wait', '--', 'echo', 'ran')
  expect(atOnce).toMatchObject({ code: 75, stdout: '' })
  expect(atOnce.stderr).toMatch(/^fencepost: none of the 1 permits of "one" is free: held by sh@\S+ pid \d+ /)
  const late = await run('one', '-n', '1', '--wait', '100ms', '--quiet', '--busy-code', '3', '--', 'echo', 'ran')
  expect(late).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('was granted within') })
  expect(await run('one', '--no-wait', '--', 'echo', 'ran')).toMatchObject({ code: 0, stdout: 'ran\n' })
  held.write('\n')
  await held.closed
})

test('P4: a run whose permit is evicted is stopped, and the next has it', async () => {
  const held = await runs('evicted', '-n', '1')
  const next = new Command(['run', 'evicted', '-n', '1', '--', 'echo', 'ran'], { env })
  await untilInLine(database.admin, 'evicted', 1)
  await using permits = fencepost(database.url, { namespace: 'default/semaphore' })
  await permits.evict('evicted#1')
  expect(await held.closed).toEqual({ code: 79, signal: null })
  expect(held.stderr).toContain('"evicted#1" was lost')
  expect(await next.closed).toEqual({ code: 0, signal: null })
})

test('-n and --once: each key once, at most so many keys at a time', async () => {
  const held = await runs('files', '-n', '1')
  const one = ['run', 'files', '-n', '1', '--once', 'file:1', '--', 'echo', 'ran']
  expect(await runCommand([...one.slice(0, 4), '--no-wait', ...one.slice(4)], { env })).toMatchObject({ code: 75 })
  held.write('\n')
  await held.closed
  expect(await runCommand(one, { env })).toEqual({ code: 0, stdout: 'ran\n', stderr: '' })
  expect(await runCommand(one, { env })).toMatchObject({ code: 0, stdout: '' })
})

test.skipIf(PSQL === undefined)(
  'P3: psql, unmodified, writes to a table whose rule names its permit, and no other permit does',
  async () => {
    await database.admin.query('create table slots (slot int, who text)')
    await using permits = fencepost(database.url, { namespace: 'default/semaphore' })
    await permits.protect('slots', 'pool#{slot}')
    const psql = `"${PSQL as string}" -Xq -v ON_ERROR_STOP=1 -v VERBOSITY=verbose "$DATABASE_URL"`
    const insert = (slot: string) => `echo "insert into slots values (${slot}, 'psql')" | ${psql}`
    const script = insert('$FENCEPOST_PERMIT')
    expect(await run('pool', '-n', '3', '--', 'sh', '-c', script)).toEqual({ code: 0, stdout: '', stderr: '' })
    const other = await run('pool', '-n', '3', '--', 'sh', '-c', insert('$((FENCEPOST_PERMIT + 1))'))
    expect(other).toMatchObject({ code: 3, stderr: expect.stringContaining('LK005') })
  },
)

test.each([
  ['there are none', ['-n', '0'], /from 1 to 1000/],
  ['there are too many', ['-n', '1001'], /from 1 to 1000/],
  ['the number is none', ['--permits', 'two'], /from 1 to 1000/],
  ['they are to be shared', ['-n', '2', '--shared'], /--shared is for a lock/],
  ['--replaces comes alone', ['--replaces', '2'], /--replaces is for permits/],
])('64, and nothing is run: %s', async (_, options, message) => {
  const { code, stdout, stderr } = await run('name', ...options, '--', 'echo', 'ran')
  expect({ code, stdout }).toEqual({ code: 64, stdout: '' })
  expect(stderr).toMatch(message)
})
