import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase, ownServer } from '../../support/database.ts'
import { eventually } from '../../support/eventually.ts'
import { isAlive, killServer } from '../../support/processes.ts'
import { Command } from '../command.ts'

const database = await cloneDatabase()
const fp = fencepost(database.url)
afterAll(async () => {
  await fp.close()
  await database[Symbol.asyncDispose]()
})

const SAYS_HOW_IT_ENDS = 'trap "echo told; exit 5" TERM; echo runs; while :; do sleep 0.05; done'
const IGNORES_TERM = 'trap "" TERM; sleep 1000 & echo $!; echo runs; wait; sleep 1000'

async function runs(name: string, script: string, ...options: string[]): Promise<Command> {
  const command = new Command(['run', name, ...options, '--', 'sh', '-c', script], {
    env: { DATABASE_URL: database.url },
  })
  await command.prints('runs')
  return command
}

/** Ends the connection of whoever holds it. */
async function terminate(name: string): Promise<void> {
  const backend = await eventually(async () => (await fp.who(name))[0]?.backend)
  await database.admin.query('select pg_terminate_backend($1)', [backend])
}

test('P5: a program whose lock is lost is told by TERM, and the exit code is 79, not its own', async () => {
  const command = await runs('terminated', SAYS_HOW_IT_ENDS)
  await terminate('terminated')
  expect(await command.closed).toEqual({ code: 79, signal: null })
  expect(command.stdout).toBe('runs\ntold\n')
  expect(command.stderr).toMatch(
    /^fencepost: lock "terminated" was lost: .*; stops sh \(pid \d+\) by TERM, and after 10 s by KILL\n/,
  )
})

test('P5: who has taken it away is said', async () => {
  const command = await runs('evicted', SAYS_HOW_IT_ENDS)
  await fp.evict('evicted')
  expect(await command.closed).toEqual({ code: 79, signal: null })
  expect(command.stderr).toMatch(/"evicted" was lost: it was taken away by role/)
  expect(command.stdout).toBe('runs\ntold\n')
})

test('P5: a program that does not listen to TERM is killed after the grace, and what it has started with it', async () => {
  const command = await runs('ignored', IGNORES_TERM, '--grace', '300ms')
  const started = Number(command.stdout.split('\n')[0])
  expect(isAlive(started)).toBe(true)
  await terminate('ignored')
  expect(await command.closed).toEqual({ code: 79, signal: null })
  expect(command.stderr).toContain('sh did not end within 0.3 s and was killed')
  expect(isAlive(started)).toBe(false)
})

test('P5: also if it is stopped', async () => {
  const command = await runs('stopped', 'echo $$; echo runs; kill -STOP $$', '--grace', '20s')
  const program = Number(command.stdout.split('\n')[0])
  await terminate('stopped')
  expect(await command.closed).toEqual({ code: 79, signal: null })
  expect(command.stderr).not.toContain('was killed')
  expect(isAlive(program)).toBe(false)
})

test('P5: a server that is killed in the middle ends the program', async () => {
  await using server = await ownServer()
  const env = { DATABASE_URL: server.url }
  const command = new Command(['run', 'gone', '--', 'sh', '-c', SAYS_HOW_IT_ENDS], { env })
  await command.prints('runs')
  killServer(server.pid)
  expect(await command.closed).toEqual({ code: 79, signal: null })
  expect(command.stdout).toBe('runs\ntold\n')
})
