import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'

const database = await cloneDatabase()
const fp = fencepost(database.url)
const { admin } = database
await admin.query('create table effects (name text, scheduled_at timestamptz, attempt integer, process integer)')
afterAll(async () => {
  await fp.close()
  await database[Symbol.asyncDispose]()
})

// Far away: only what is asked for runs.
const NEVER = '0 0 1 1 *'
const start = async (freezeTimeout = '60s') =>
  await Remote.run('fixtures/schedules.js', [database.url, { freezeTimeout, application: 'replica' }])
const untilWaiting = async (replica: Remote, name: string) =>
  await eventually(async () => await replica.call<boolean>('isWaiting', name))
const tickOf = async (name: string) => (await fp.schedules.history(name))[0]
const untilState = async (name: string, state: string) =>
  await eventually(async () => {
    const tick = await tickOf(name)
    return tick?.state === state && tick.endedAt && tick
  })
const effectsOf = async (name: string) =>
  (await admin.query('select attempt, process from effects where name = $1 order by attempt', [name])).rows

test('P3, P4: a tick whose process is killed in the middle of its transaction is lost, and is not run again', async () => {
  await using killed = await start()
  await using other = await start()
  await killed.call('cron', 'killed', NEVER, {}, 'writeLate')
  await fp.schedules.runNow('killed')
  await untilWaiting(killed, 'killed')
  await other.call('cron', 'killed', NEVER, {}, 'write')
  await killed.kill()
  expect(await untilState('killed', 'lost')).toMatchObject({
    attempt: 1,
    runner: { process: killed.pid, application: 'replica' },
    hasCommitted: false,
    error: 'its runner is gone and left no outcome',
  })
  expect(await effectsOf('killed')).toEqual([])
  await fp.schedules.runNow('killed')
  await untilState('killed', 'done')
  expect(await effectsOf('killed')).toEqual([{ attempt: 1, process: other.pid }])
})

test("P4: with lost: 'retry' it is run again by another process, with the same idempotency key", async () => {
  await using killed = await start()
  await using other = await start()
  await killed.call('cron', 'again', NEVER, { lost: 'retry' }, 'writeLate')
  await fp.schedules.runNow('again')
  await untilWaiting(killed, 'again')
  const before = await tickOf('again')
  await other.call('cron', 'again', NEVER, { lost: 'retry' }, 'write')
  await killed.kill()
  const after = await untilState('again', 'done')
  expect(after).toMatchObject({ attempt: 2, idempotencyKey: before?.idempotencyKey, runner: { process: other.pid } })
  expect(after.token).toBeGreaterThan(before?.token ?? Infinity)
  expect(await effectsOf('again')).toEqual([{ attempt: 2, process: other.pid }])
})

test("with lost: 'retry' a tick of which a transaction was committed is not run again", async () => {
  await using killed = await start()
  await using other = await start()
  await killed.call('cron', 'committed', NEVER, { lost: 'retry' }, 'waitAfterWrite')
  await fp.schedules.runNow('committed')
  await untilWaiting(killed, 'committed')
  await other.call('cron', 'committed', NEVER, { lost: 'retry' }, 'write')
  await killed.kill()
  expect(await untilState('committed', 'lost')).toMatchObject({ attempt: 1, hasCommitted: true })
  expect(await effectsOf('committed')).toEqual([{ attempt: 1, process: killed.pid }])
})

test("with lost: 'retry' a tick that kills its processes is lost after three attempts", async () => {
  for (let attempt = 1; attempt <= 3; attempt++) {
    await using killed = await start()
    await killed.call('cron', 'killer', NEVER, { lost: 'retry' }, 'wait')
    if (attempt === 1) await fp.schedules.runNow('killer')
    await untilWaiting(killed, 'killer')
    expect(await tickOf('killer')).toMatchObject({ state: 'running', attempt })
  }
  await using other = await start()
  await other.call('cron', 'killer', NEVER, { lost: 'retry' }, 'write')
  expect(await untilState('killer', 'lost')).toMatchObject({ attempt: 3 })
})

test.each(['skip', 'allow'])(
  'P3: a tick that is frozen past freezeTimeout is run again, and what it commits when it wakes is refused (overlap: %s)',
  async (overlap) => {
    const name = `frozen ${overlap}`
    await using frozen = await start('1s')
    await using other = await start('1s')
    await frozen.call('cron', name, NEVER, { lost: 'retry', overlap }, 'writeLate')
    await fp.schedules.runNow(name)
    await untilWaiting(frozen, name)
    frozen.freeze()
    await other.call('cron', name, NEVER, { lost: 'retry', overlap }, 'write')
    expect(await untilState(name, 'done')).toMatchObject({ attempt: 2, runner: { process: other.pid } })
    frozen.thaw()
    await frozen.call('go', name)
    await eventually(async () => (await frozen.call<string[]>('errors')).includes('TICK_LOST'))
    expect(await frozen.call('outcomes')).toEqual([expect.stringMatching(/^(STALE_TOKEN|TRANSACTION_LOST)$/)])
    expect(await effectsOf(name)).toEqual([{ attempt: 2, process: other.pid }])
    expect(await tickOf(name)).toMatchObject({ state: 'done', attempt: 2 })
  },
)

test('P3: a frozen tick that nobody has taken over is refused, too, and is lost', async () => {
  await using frozen = await start('1s')
  await frozen.call('cron', 'alone', NEVER, {}, 'writeLate')
  await fp.schedules.runNow('alone')
  await untilWaiting(frozen, 'alone')
  frozen.freeze()
  await eventually(async () => (await fp.schedules.list()).find(({ name }) => name === 'alone')?.last?.state === 'lost')
  frozen.thaw()
  await frozen.call('go', 'alone')
  await eventually(async () => (await frozen.call<string[]>('errors')).includes('TICK_LOST'))
  expect(await effectsOf('alone')).toEqual([])
  expect(await untilState('alone', 'lost')).toMatchObject({ attempt: 1 })
  // It is back, and runs what comes.
  await frozen.call('cron', 'after', NEVER, {}, 'write')
  await fp.schedules.runNow('after')
  await untilState('after', 'done')
})

test('a tick whose connection is ended is told by its signal, and its outcome is not recorded', async () => {
  await using own = fencepost(database.url)
  const errors: Error[] = []
  let reason: unknown
  await own.cron('cut', NEVER, { onError: (error) => errors.push(error) }, async ({ signal, transaction }) => {
    await admin.query('select pg_terminate_backend(backend) from fencepost.who($1, $2)', ['cut', 'default/cron'])
    await eventually(async () => signal.aborted)
    reason = signal.reason
    await transaction((tx) => tx.query(`insert into effects (name) values ('cut')`))
  })
  await own.schedules.runNow('cut')
  await eventually(async () => errors.length >= 2)
  await untilState('cut', 'lost')
  expect(reason).toMatchObject({ code: 'LOCK_LOST' })
  expect(errors).toMatchObject([{ code: 'TICK_FAILED', cause: { code: 'STALE_TOKEN' } }, { code: 'TICK_LOST' }])
  expect(await effectsOf('cut')).toEqual([])
})
