import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../../support/database.ts'
import { Command, runCommand } from '../command.ts'

const database = await cloneDatabase()
const fp = fencepost(database.url)
const env = { DATABASE_URL: database.url }
afterAll(async () => {
  await fp.close()
  await database[Symbol.asyncDispose]()
})

const once = (key: string, ...rest: string[]) => runCommand(['run', `of ${key}`, '--once', key, ...rest], { env })
const reconcile = (...args: string[]) => runCommand(['reconcile', ...args], { env })

test('a key that is done is not run again: 0, and it says so, unless it is to be quiet', async () => {
  expect(await once('daily', '--', 'echo', 'ran')).toEqual({ code: 0, stdout: 'ran\n', stderr: '' })
  const again = await once('daily', '--', 'echo', 'ran')
  expect(again).toMatchObject({ code: 0, stdout: '' })
  expect(again.stderr).toMatch(
    /^fencepost: "daily" is done already, by \S+ \(pid \d+\) at [-\dT:.]+Z; nothing was run\n$/,
  )
  expect(await once('daily', '--quiet', '--', 'echo', 'ran')).toEqual({ code: 0, stdout: '', stderr: '' })
})

test('a key whose program fails is not done: the next run runs it, with the same idempotency key', async () => {
  const script = 'echo $FENCEPOST_IDEMPOTENCY_KEY; exit 3'
  const failed = await once('failing', '--', 'sh', '-c', script)
  expect(failed).toMatchObject({ code: 3, stdout: expect.stringMatching(/^[-\da-f]{36}\n$/) })
  expect(await once('failing', '--', 'sh', '-c', script)).toEqual(failed)
  expect(await once('failing', '--', 'sh', '-c', 'kill -TERM $$')).toMatchObject({ code: 143 })
  expect(await once('failing', '--', 'echo', 'ran')).toMatchObject({ code: 0, stdout: 'ran\n' })
  expect(await once('failing', '--', 'echo', 'ran')).toMatchObject({ code: 0, stdout: '' })
})

test('10 runs with one key at once: the program runs once', async () => {
  const ends = await Promise.all(Array.from({ length: 10 }, () => once('crowd', '--', 'echo', 'ran')))
  expect(ends.map(({ code }) => code)).toEqual(Array(10).fill(0))
  expect(ends.map(({ stdout }) => stdout).join('')).toBe('ran\n')
})

test('a key that is run under another name is waited for, for as long as --wait says', async () => {
  const running = new Command(['run', 'one', '--once', 'both', '--', 'sh', '-c', 'echo runs; read -r _'], { env })
  await running.prints('runs')
  const args = ['run', 'other', '--once', 'both', '--no-wait', '--', 'echo', 'ran']
  expect(await runCommand(args, { env })).toMatchObject({ code: 75, stdout: '' })
  running.write('\n')
  expect(await running.closed).toMatchObject({ code: 0 })
  expect(await runCommand(args, { env })).toMatchObject({ code: 0, stdout: '' })
})

/** A run that is killed in the middle. */
async function killed(key: string): Promise<void> {
  const command = new Command(['run', `of ${key}`, '--once', key, '--', 'sh', '-c', 'echo runs; sleep 1000'], { env })
  await command.prints('runs')
  command.kill('SIGKILL')
  await command.closed
}

test('a run that is killed leaves its key uncertain: 80, nothing is run, and it says what to do', async () => {
  await killed('torn')
  const { code, stdout, stderr } = await once('torn', '--', 'echo', 'ran')
  expect({ code, stdout }).toEqual({ code: 80, stdout: '' })
  expect(stderr).toMatch(
    /"torn" was done is not known: sh@\S+ pid \d+ began attempt 1 at .*fencepost reconcile 'torn' --as done/,
  )
  expect((await reconcile()).stdout).toMatch(/^torn\tuncertain\tattempt 1 /m)
  expect(JSON.parse((await reconcile('--json')).stdout)).toMatchObject([{ key: 'torn', state: 'uncertain' }])

  expect(await reconcile('torn', '--as', 'retry')).toMatchObject({ code: 0 })
  expect(await once('torn', '--', 'echo', 'ran')).toMatchObject({ code: 0, stdout: 'ran\n' })
  const late = await reconcile('torn', '--as', 'retry')
  expect(late).toMatchObject({ code: 0, stderr: expect.stringContaining('was settled already') })
  expect(await once('torn', '--', 'echo', 'ran')).toMatchObject({ code: 0, stdout: '' })
})

test('what was found out to be done is not run; --retry-uncertain runs it without asking', async () => {
  await killed('found')
  expect(await reconcile('found', '--as', 'done', '--json')).toMatchObject({ code: 0 })
  expect(await once('found', '--', 'echo', 'ran')).toMatchObject({ code: 0, stdout: '' })
  await killed('harmless')
  expect(await once('harmless', '--retry-uncertain', '--', 'echo', 'ran')).toMatchObject({ code: 0, stdout: 'ran\n' })
})

test('a program that is stopped as its lock is lost leaves 79, and its key uncertain', async () => {
  const script = 'trap "exit 0" TERM; echo runs; while :; do sleep 0.05; done'
  const command = new Command(['run', 'lost', '--once', 'lost', '--', 'sh', '-c', script], { env })
  await command.prints('runs')
  const [holder] = await fp.who('lost')
  await database.admin.query('select pg_terminate_backend($1)', [holder?.backend])
  expect(await command.closed).toEqual({ code: 79, signal: null })
  expect(await once('lost', '--', 'echo', 'ran')).toMatchObject({ code: 80, stdout: '' })
})

test('reconcile refuses what it cannot settle', async () => {
  expect(await reconcile('nothing', '--as', 'done')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('there is no once-key'),
  })
  expect(await reconcile('nothing')).toMatchObject({ code: 64, stderr: expect.stringContaining('go together') })
  expect(await reconcile('nothing', '--as', 'whatever')).toMatchObject({ code: 64 })
})
