import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../../support/database.ts'
import { eventually } from '../../support/eventually.ts'
import { Command } from '../command.ts'

const database = await cloneDatabase()
const fp = fencepost(database.url)
const env = { DATABASE_URL: database.url }
afterAll(async () => {
  await fp.close()
  await database[Symbol.asyncDispose]()
})

// Node, as a shell would be told of its own children's signals too.
const COUNTS = `
  const counted = {}
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'])
    process.on(name, () => console.log(name, counted[name] = (counted[name] ?? 0) + 1))
  process.stdin.resume().on('end', () => process.exit(9))
  console.log('runs')`

test('what the command is sent goes to the program, once each', async () => {
  const command = new Command(['run', 'passed', '--', 'node', '-e', COUNTS], { env })
  await command.prints('runs')
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const) {
    command.kill(signal)
    await command.prints(`${signal} 1\n`)
  }
  command.write()
  expect(await command.closed).toEqual({ code: 9, signal: null })
  expect(command.stdout).not.toMatch(/ 2$/m)
})

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
  ['SIGHUP', 129],
] as const)('a program that %s ends leaves %i, and what it waits for ends with it', async (signal, code) => {
  const waitedFor = `console.log('runs'); setInterval(() => {}, 1e6)`
  const command = new Command(['run', 'ended', '--', 'sh', '-c', `node -e "${waitedFor}"; echo never`], { env })
  await command.prints('runs')
  command.kill(signal)
  expect(await command.closed).toEqual({ code, signal: null })
  expect(command.stdout).toBe('runs\n')
  await using _ = await fp.lock('ended', { wait: '10s' })
})

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const)('%s while it waits is %i: nothing is run, and nobody stands in line any more', async (signal, code) => {
  await using _ = await fp.lock('waited')
  const command = new Command(['run', 'waited', '--', 'echo', 'ran'], { env })
  await command.says('waits for "waited"')
  command.kill(signal)
  expect(await command.closed).toEqual({ code, signal: null })
  expect(command.stdout).toBe('')
  expect(command.stderr).toContain(`ended by ${signal}; nothing was run`)
  await eventually(async () => (await fp.locks.query()).pending.length === 0)
})

test('stdin reaches the program, stdout and stderr leave it, as they are', async () => {
  const command = new Command(['run', 'piped', '--', 'sh', '-c', 'cat; echo problem >&2'], { env })
  const text = 'line\n'.repeat(200_000)
  command.write(text)
  command.write()
  expect(await command.closed).toEqual({ code: 0, signal: null })
  expect(command.stdout).toBe(text)
  expect(command.stderr).toBe('problem\n')
})

test.runIf(process.platform === 'linux')('no pipe of the program is made non-blocking, whatever we say', async () => {
  const script = 'echo runs; cat /proc/self/fdinfo/1 /proc/self/fdinfo/2; read -r _; cat /proc/self/fdinfo/2'
  const command = new Command(['run', 'pipes', '--', 'sh', '-c', `trap "" TERM; ${script}`], { env })
  await command.prints('runs')
  await fp.evict('pipes')
  await command.says('was lost')
  command.write('\n')
  await command.closed
  const flags = [...command.stdout.matchAll(/^flags:\s+(\d+)/gm)].map(([, octal]) => Number.parseInt(octal ?? '', 8))
  expect(flags).toHaveLength(3)
  for (const flag of flags) expect(flag & 0o4000).toBe(0)
})
