import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { untilInLine } from '../support/waiters.ts'
import { Command, runCommand } from './command.ts'

const database = await cloneDatabase()
const env = { DATABASE_URL: database.url }
afterAll(() => database[Symbol.asyncDispose]())

const leader = (...args: string[]) => runCommand(['leader', 'indexer', ...args], { env })

/** A process that leads as long as it is let. */
async function candidate(application: string) {
  const fp = fencepost(database.url, { application })
  const over = new AbortController()
  const led = fp.lead(
    'indexer',
    ({ signal }) => new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve())),
    { signal: over.signal },
  )
  return {
    async end() {
      over.abort()
      await led
      await fp.close()
    },
  }
}

test('leader tells who leads and who stands by, in their order', async () => {
  expect(await leader()).toMatchObject({ code: 1, stdout: 'indexer: nobody leads; nobody stands by\n' })
  const first = await candidate('one')
  await eventually(async () => (await leader()).code === 0)
  const second = await candidate('two')
  await untilInLine(database.admin, 'indexer', 1)
  const third = await candidate('three')
  await untilInLine(database.admin, 'indexer', 2)
  const told = await leader()
  expect(told.stdout).toMatch(/^indexer: led by one@\S+, pid \d+, backend \d+, term \d+, for \d.*; 2 stand by\n/)
  expect(told.stdout).toMatch(/\n +1 +two .*\n +2 +three /)
  const { leader: now, standbys } = JSON.parse((await leader('--json')).stdout)
  expect(now).toMatchObject({ application: 'one', token: expect.any(Number) })
  expect(standbys).toMatchObject([{ application: 'two' }, { application: 'three' }])
  for (const one of [first, second, third]) await one.end()
  expect((await leader('--namespace', 'other')).code).toBe(1)
})

test('leader --watch tells each one that follows, and Ctrl-C ends it', async () => {
  const watch = new Command(['leader', 'indexer', '--watch', '--json'], { env })
  const lines = () =>
    watch.stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).leader?.application ?? null)
  await eventually(async () => lines().length === 1)
  const first = await candidate('one')
  await eventually(async () => lines().at(-1) === 'one')
  const second = await candidate('two')
  await first.end()
  await eventually(async () => lines().at(-1) === 'two')
  await second.end()
  await eventually(async () => lines().at(-1) === null)
  expect(lines()[0]).toBeNull()
  watch.kill('SIGINT')
  expect(await watch.closed).toEqual({ code: 0, signal: null })
})
