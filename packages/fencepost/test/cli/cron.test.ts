import { fencepost } from 'fencepost'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { deferred } from '../support/deferred.ts'
import { eventually } from '../support/eventually.ts'
import { runCommand } from './command.ts'
import { schemas } from './schemas.ts'

const NEVER = '0 0 1 1 *'
const EVIL = 'evil\u001B[2J\nname'
const database = await cloneDatabase()
const fp = fencepost(database.url, { application: 'reports' })
afterAll(async () => {
  await fp.close()
  await database[Symbol.asyncDispose]()
})
beforeEach(async () => {
  await database.admin.query('truncate fencepost.schedules, fencepost.schedule_ticks')
})

const cron = (...args: string[]) => runCommand(['cron', ...args], { env: { DATABASE_URL: database.url } })
const json = async (...args: string[]) => JSON.parse((await cron(...args, '--json')).stdout)

/** A schedule that no process declares any more. */
async function declare(name: string, expression = NEVER): Promise<void> {
  await using _ = await fp.cron(name, expression, { tz: 'Europe/Warsaw' }, () => {})
}

test('P10: cron lists schedules, when they are due and what became of their last tick; without any it says so', async () => {
  expect(await cron()).toMatchObject({ code: 0, stdout: 'no schedules\n' })
  await using _ = await fp.cron('failing', NEVER, { onError: () => {} }, () => {
    throw new Error('out of\npaper')
  })
  await declare(EVIL)
  await fp.schedules.runNow('failing')
  await eventually(async () => (await fp.schedules.history('failing'))[0]?.state === 'failed')
  const { code, stdout, stderr } = await cron()
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/^schedule +at +tz +next +last +ago +took +running +queued +missed +skipped +by +error\n/)
  expect(stdout).toMatch(
    /^failing +0 0 1 1 \* +UTC +in \d+[dh] \S+ +failed +\d.* 0 +0 +0 +0 +reports@\S+, pid \d+ +.*out of\\npaper$/m,
  )
  expect(stdout).toMatch(/^evil\\x1b\[2J\\nname +0 0 1 1 \* +Europe\/Warsaw +– +– +– /m)
  expect(await json('list')).toMatchObject([{ name: EVIL }, { name: 'failing', last: { state: 'failed' } }])
})

test('cron tells of a schedule that is overdue, as no process is there to run it', async () => {
  await declare('late')
  await database.admin.query(`update fencepost.schedules set next_at = now() - interval '2 hours'`)
  expect((await cron()).stdout).toMatch(/^late +0 0 1 1 \* +\S+ +overdue 2h 00m /m)
})

test('cron run has it run once, and history tells what became of it', async () => {
  const ran = deferred()
  await using _ = await fp.cron('report', NEVER, () => ran.resolve())
  expect((await cron('history', 'report')).stdout).toBe('no ticks yet\n')
  const asked = await cron('run', 'report')
  expect(asked).toMatchObject({ code: 0, stderr: '' })
  const [, id] = /^schedule "report" is to run now: tick (\d+) of its history\n$/.exec(asked.stdout) ?? []
  await ran.promise
  await eventually(async () => (await fp.schedules.history('report'))[0]?.state === 'done')
  const told = await cron('history', 'report')
  expect(told.stdout).toMatch(/^tick +due at +state +took +attempt +asked for +by +error\n/)
  expect(told.stdout).toMatch(
    new RegExp(`^ *${id} +20\\S+Z +done +\\d.* 1 +by hand +reports@\\S+, pid ${process.pid} `, 'm'),
  )
  expect(await json('history', 'report', '--limit', '1')).toMatchObject([{ id: Number(id), state: 'done' }])
  expect(await json('run', 'report')).toEqual({ name: 'report', id: expect.any(Number) })
})

test('cron pause and resume a schedule of a namespace, and say if that was so already', async () => {
  await using other = fencepost(database.url, { namespace: 'tenant' })
  {
    await using _ = await other.cron('report', NEVER, () => {})
  }
  const inTenant = ['report', '--namespace', 'tenant']
  expect(await cron('pause', ...inTenant)).toMatchObject({
    code: 0,
    stdout: 'schedule "report" is paused; what runs goes on\n',
  })
  expect(await json('pause', ...inTenant)).toEqual({ name: 'report', paused: true, changed: false })
  expect((await cron('--namespace', 'tenant')).stdout).toMatch(/^report .* paused +– /m)
  expect(await cron('resume', ...inTenant)).toMatchObject({
    code: 0,
    stdout: 'schedule "report" goes on with its next tick\n',
  })
  expect(await json('resume', ...inTenant)).toEqual({ name: 'report', paused: false, changed: false })
  expect(await other.schedules.list()).toMatchObject([{ pausedAt: null }])
})

test('cron forget says what goes, and asks: without a terminal it needs --yes', async () => {
  await declare('old')
  const asked = await cron('forget', 'old')
  expect(asked).toMatchObject({ code: 64, stdout: '' })
  expect(asked.stderr).toMatch(
    /^schedule "old", '0 0 1 1 \*' in Europe\/Warsaw, declared by reports@\S+, pid \d+ at 20\S+Z\n.*--yes/,
  )
  expect(await fp.schedules.list()).toHaveLength(1)
  expect(await cron('forget', 'old', '--yes')).toMatchObject({ code: 0, stdout: 'schedule "old" is forgotten\n' })
  expect(await fp.schedules.list()).toEqual([])
  await declare('old')
  expect(await json('forget', 'old', '--yes')).toEqual({ name: 'old', forgotten: true })
})

test('P3: what runs of a schedule that is forgotten is said to be refused, and is', async () => {
  await database.admin.query('create table written (what text)')
  const [begun, go, ended] = [deferred(), deferred(), deferred<unknown>()]
  await using _ = await fp.cron(
    'gone',
    NEVER,
    { onError: (error) => ended.resolve(error) },
    async ({ transaction }) => {
      begun.resolve()
      await go.promise
      await transaction(async (tx) => tx.query(`insert into written values ('late')`))
    },
  )
  await fp.schedules.runNow('gone')
  await begun.promise
  const forgotten = await cron('forget', 'gone', '--yes')
  expect(forgotten).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('1 of its ticks runs, and what it still wants to commit is refused'),
  })
  go.resolve()
  await ended.promise
  expect((await database.admin.query('select from written')).rowCount).toBe(0)
})

test.each([['history'], ['run'], ['pause'], ['resume'], ['forget', '--yes']])(
  'cron %s: exit code 1 where there is no such schedule',
  async (verb, ...more) => {
    expect(await cron(verb, 'nothing', ...more)).toEqual({
      code: 1,
      stdout: '',
      stderr: 'fencepost: there is no schedule "nothing": npx fencepost cron lists them\n',
    })
  },
)

test('where the schema is missing it is not installed, and a wrong argument is a usage error', async () => {
  const before = await schemas(database)
  expect(await cron('--schema', 'elsewhere')).toMatchObject({
    code: 78,
    stderr: expect.stringContaining('npx fencepost migrate --schema elsewhere'),
  })
  expect(await schemas(database)).toEqual(before)
  for (const args of [
    ['history'],
    ['run', ''],
    ['history', 'x', '--limit', '0'],
    ['history', 'x', '--limit', '10001'],
    ['nonsense'],
  ])
    expect(await cron(...args)).toMatchObject({ code: 64, stdout: '' })
})
