import { fencepost } from 'fencepost'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../../support/database.ts'
import { untilInLine } from '../../support/waiters.ts'
import { Command, runCommand } from '../command.ts'

const database = await cloneDatabase()
const fp = fencepost(database.url, { application: 'holder' })
const env = { DATABASE_URL: database.url }
const folder = await mkdtemp(join(tmpdir(), 'fencepost-run-'))
afterAll(async () => {
  await fp.close()
  await database[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

test('P1: 20 runs of one name at once are one after the other', async () => {
  const log = join(folder, 'log')
  const script = `echo begin $FENCEPOST_TOKEN >> '${log}'; ls -R /usr/lib 2>/dev/null | head -2000 | wc -l >/dev/null; echo end $FENCEPOST_TOKEN >> '${log}'`
  const runs = Array.from({ length: 20 }, () =>
    runCommand(['run', 'twenty', '--quiet', '--', 'sh', '-c', script], { env }),
  )
  for (const end of await Promise.all(runs)) expect(end).toEqual({ code: 0, stdout: '', stderr: '' })
  const lines = (await readFile(log, 'utf8')).trimEnd().split('\n')
  const tokens = lines.filter((line) => line.startsWith('begin')).map((line) => Number(line.split(' ')[1]))
  expect(tokens).toHaveLength(20)
  expect(lines).toEqual(tokens.flatMap((token) => [`begin ${token}`, `end ${token}`]))
  expect(tokens).toEqual(tokens.toSorted((one, other) => one - other))
})

function waitsAt(position: number): RegExp {
  const holder = `holder@\\S+ pid ${process.pid} since [-\\dT:]+Z`
  return new RegExp(`^fencepost: waits for "slow": held by ${holder}; position ${position} in line$`, 'm')
}

test('P10: who waits says at once, and again every 10 s, who holds the lock, since when, and where it stands', async () => {
  const lock = await fp.lock('slow')
  const first = new Command(['run', 'slow', '--', 'echo', 'first'], { env })
  await first.says('waits for')
  const second = new Command(['run', 'slow', '--', 'echo', 'second'], { env })
  await second.says('waits for')
  expect(first.stderr).toMatch(waitsAt(1))
  expect(second.stderr).toMatch(waitsAt(2))
  const told = second.stderr
  await second.says(`${told}fencepost: waits for "slow": held by holder`)
  await lock.release()
  for (const { closed } of [first, second]) expect(await closed).toEqual({ code: 0, signal: null })
})

test('a run is known to others by the name of its program, or by PGAPPNAME', async () => {
  const holder = new Command(['run', 'named', '--', 'sh', '-c', 'echo runs; read -r _'], { env })
  await holder.prints('runs')
  expect(await fp.who('named')).toMatchObject([{ application: 'sh', process: holder.pid }])
  holder.write('\n')
  await holder.closed
  const other = new Command(['run', 'named', '--', 'sh', '-c', 'echo runs; read -r _'], {
    env: { ...env, PGAPPNAME: 'nightly' },
  })
  await other.prints('runs')
  expect(await fp.who('named')).toMatchObject([{ application: 'nightly' }])
  other.write('\n')
  await other.closed
})

test('a name does not steer the terminal of whoever waits', async () => {
  await using _ = await fp.lock('steered\u001B[2J')
  const late = await runCommand(['run', 'steered\u001B[2J', '--wait', '200ms', '--', 'true'], { env })
  expect(late).toMatchObject({ code: 75, stdout: '', stderr: expect.stringContaining(String.raw`"steered\x1b[2J"`) })
  expect(late.stderr).not.toContain('\u001B')
})

test('P6: a run that is killed while it waits leaves the line to the next', async () => {
  const lock = await fp.lock('left')
  const dead = new Command(['run', 'left', '--', 'echo', 'never'], { env })
  await untilInLine(database.admin, 'left', 1)
  const next = new Command(['run', 'left', '--', 'echo', 'ran'], { env })
  await untilInLine(database.admin, 'left', 2)
  dead.kill('SIGKILL')
  await dead.closed
  await lock.release()
  expect(await next.closed).toEqual({ code: 0, signal: null })
  expect({ dead: dead.stdout, next: next.stdout }).toEqual({ dead: '', next: 'ran\n' })
})
