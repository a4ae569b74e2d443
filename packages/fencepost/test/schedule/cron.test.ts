import { type CronOptions, type Fencepost, fencepost, type Tick } from 'fencepost'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { deferred } from '../support/deferred.ts'
import { eventually } from '../support/eventually.ts'

const database = await cloneDatabase()
const fp: Fencepost = fencepost(database.url)
const pool = new pg.Pool({ connectionString: database.url, max: 2 })
await database.admin.query('create table effects (who text)')
afterAll(async () => {
  await fp.close()
  await pool.end()
  await database[Symbol.asyncDispose]()
})

// Far away: only what is asked for runs.
const NEVER = '0 0 1 1 *'
const untilOver = async (name: string) =>
  await eventually(async () => {
    const [tick] = await fp.schedules.history(name)
    return tick?.endedAt && tick
  })

const refuse = () => {
  throw new Error('no')
}

test('a schedule runs at its ticks, and what became of each is one row', async () => {
  const ran: Tick[] = []
  const two = deferred()
  const schedule = await fp.cron('seconds', '* * * * * *', (tick) => {
    if (ran.push(tick) === 2) two.resolve()
  })
  await two.promise
  await schedule.stop()
  const [first, second] = (await fp.schedules.history('seconds')).toReversed()
  expect([first, second].map((tick) => tick?.scheduledAt)).toEqual(
    ran.slice(0, 2).map(({ scheduledAt }) => scheduledAt),
  )
  expect(Number(second?.scheduledAt) - Number(first?.scheduledAt)).toBe(1000)
  expect(first).toMatchObject({
    state: 'done',
    attempt: 1,
    isManual: false,
    token: ran[0]?.token,
    idempotencyKey: ran[0]?.idempotencyKey,
    runner: { process: process.pid },
    durationMs: expect.any(Number),
    hasCommitted: false,
    error: null,
  })
  expect(second?.token).toBeGreaterThan(first?.token ?? Infinity)
})

test('what the function throws is recorded and told, and the schedule goes on', async () => {
  const errors: Error[] = []
  const bad = new Error('no report \0 today')
  await using schedule = await fp.cron('failing', NEVER, { onError: (error) => errors.push(error) }, () => {
    throw bad
  })
  for (let times = 1; times <= 2; times++) {
    const id = await fp.schedules.runNow('failing')
    expect(await untilOver('failing')).toMatchObject({ id, state: 'failed', error: 'Error: no report \uFFFD today' })
    expect(errors).toHaveLength(times)
  }
  expect(errors[0]).toMatchObject({ code: 'TICK_FAILED', schedule: 'failing', attempt: 1, cause: bad })
  expect(errors[0]?.message).toMatch(/^tick 2.*Z of schedule "failing" failed: Error: no report/)
  await schedule.stop()
})

test('without onError a failure is a warning of the process, and what onError throws is an uncaught exception', async () => {
  const warned = deferred<Error>()
  const uncaught = deferred<unknown>()
  process.once('warning', warned.resolve)
  process.setUncaughtExceptionCaptureCallback((error) => uncaught.resolve(error))
  await using warns = await fp.cron('warns', NEVER, refuse)
  await fp.schedules.runNow('warns')
  expect(await warned.promise).toMatchObject({
    code: 'FENCEPOST_CRON',
    message: expect.stringContaining('"warns" failed: Error: no'),
  })

  const worse = new Error('worse')
  const onError = () => {
    throw worse
  }
  await using throws = await fp.cron('throws', NEVER, { onError }, refuse)
  await fp.schedules.runNow('throws')
  expect(await uncaught.promise).toBe(worse)
  process.setUncaughtExceptionCaptureCallback(null)
  expect(await untilOver('throws')).toMatchObject({ state: 'failed' })
  await Promise.all([warns.stop(), throws.stop()])
})

test('P3: after its timeout a tick has failed, its signal has aborted, and what it still wants to commit is refused', async () => {
  const errors: Error[] = []
  const late = deferred<unknown>()
  const isOver = deferred()
  const options: CronOptions = { timeout: '50ms', onError: (error) => errors.push(error) }
  await using schedule = await fp.cron('slow', NEVER, options, async ({ signal, transaction }) => {
    await transaction(async (tx) => {
      await tx.query(`insert into effects values ('slow')`)
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
      await isOver.promise
    }).catch(late.resolve)
  })
  await fp.schedules.runNow('slow')
  expect(await untilOver('slow')).toMatchObject({ state: 'failed', error: expect.stringMatching(/longer than 50 ms/) })
  isOver.resolve()
  expect(await late.promise).toMatchObject({ code: expect.stringMatching(/^(LOCK_RELEASED|STALE_TOKEN)$/) })
  expect(errors).toMatchObject([{ code: 'TICK_FAILED', cause: { code: 'TICK_TIMEOUT' } }])
  expect((await pool.query(`select from effects where who = 'slow'`)).rowCount).toBe(0)
  await schedule.stop()
})

test('stop waits for what runs, for grace; then its signal aborts, and the tick is lost', async () => {
  const [begun, go, aborted] = [deferred(), deferred(), deferred<unknown>()]
  const errors: Error[] = []
  const patient = await fp.cron('patient', NEVER, async () => {
    begun.resolve()
    await go.promise
  })
  await fp.schedules.runNow('patient')
  await begun.promise
  const stopped = patient.stop()
  expect(patient.signal.aborted).toBe(true)
  go.resolve()
  await stopped
  expect(await untilOver('patient')).toMatchObject({ state: 'done' })

  const hasty = await fp.cron('hasty', NEVER, { onError: (error) => errors.push(error) }, async ({ signal }) => {
    signal.addEventListener('abort', () => aborted.resolve(signal.reason), { once: true })
    await new Promise(() => {})
  })
  await fp.schedules.runNow('hasty')
  await eventually(async () => (await fp.schedules.history('hasty'))[0]?.state === 'running')
  await hasty.stop({ grace: '10ms' })
  expect(await aborted.promise).toMatchObject({ code: 'TICK_STOPPED' })
  expect(await untilOver('hasty')).toMatchObject({
    state: 'lost',
    error: expect.stringMatching(/^TickStoppedError: .* was not done/),
  })
})

test("with lost: 'retry' what a stop has cut off is run again by another process", async () => {
  await using one = fencepost(pool, { application: 'one' })
  await using two = fencepost(pool, { application: 'two' })
  const begun = deferred()
  const done = deferred<Tick>()
  const schedule = await one.cron('handed', NEVER, { lost: 'retry', grace: '0s' }, async () => {
    begun.resolve()
    await new Promise(() => {})
  })
  await one.schedules.runNow('handed')
  await begun.promise
  await two.cron('handed', NEVER, { lost: 'retry' }, (tick) => done.resolve(tick))
  await schedule.stop()
  expect((await done.promise).attempt).toBe(2)
  expect(await untilOver('handed')).toMatchObject({ state: 'done', runner: { application: 'two' } })
})

test('fp.close stops schedules first, so that what runs can still write', async () => {
  const own = fencepost(database.url)
  const [begun, go] = [deferred(), deferred()]
  await own.cron('closing', NEVER, async ({ transaction }) => {
    begun.resolve()
    await go.promise
    await transaction((tx) => tx.query(`insert into effects values ('closing')`))
  })
  await own.schedules.runNow('closing')
  await begun.promise
  const closed = own.close()
  go.resolve()
  await closed
  expect(await untilOver('closing')).toMatchObject({ state: 'done', hasCommitted: true })
  await expect(own.cron('after', NEVER, () => {})).rejects.toMatchObject({ code: 'CLOSED' })
})

test('guard brings a tick into a transaction of any client, and is refused outside of one and once the tick is over', async () => {
  const client = await pool.connect()
  const kept = deferred<Tick>()
  await using schedule = await fp.cron('guards', NEVER, { overlap: 'allow' }, async (tick) => {
    kept.resolve(tick)
    await client.query('begin')
    await client.query(`insert into effects values ('guards')`)
    await tick.guard(client)
    await client.query('commit')
    await expect(tick.guard(client)).rejects.toMatchObject({ code: 'NOT_IN_TRANSACTION' })
    await expect(tick.guard(pool as never)).rejects.toThrow(TypeError)
  })
  await fp.schedules.runNow('guards')
  expect(await untilOver('guards')).toMatchObject({ state: 'done', hasCommitted: true })
  await client.query('begin')
  await expect((await kept.promise).guard(client)).rejects.toMatchObject({ code: 'STALE_TOKEN' })
  await client.query('rollback')
  client.release()
  expect((await pool.query(`select from effects where who = 'guards'`)).rowCount).toBe(1)
  await schedule.stop()
})

test('a tick may lock, nest and be asked for from within a lock, whose callback it is no part of', async () => {
  const held = deferred<boolean>()
  await fp.lock('outer', async () => {
    await fp.cron('nested', NEVER, async () => {
      held.resolve((await fp.tryLock('outer')) === null)
    })
    await fp.schedules.runNow('nested')
    expect(await held.promise).toBe(true)
  })
  expect(await untilOver('nested')).toMatchObject({ state: 'done' })
})

test('a signal stops a schedule, and one that has aborted keeps it from being declared', async () => {
  const stop = new AbortController()
  const schedule = await fp.cron('signalled', NEVER, { signal: stop.signal }, () => {})
  stop.abort()
  expect(schedule.signal.aborted).toBe(true)
  await schedule.stop()
  await expect(fp.cron('not', NEVER, { signal: stop.signal }, () => {})).rejects.toBe(stop.signal.reason)
  expect((await fp.schedules.list()).map(({ name }) => name)).not.toContain('not')
})

test.each<[string, unknown[], RegExp]>([
  ['no name', ['', NEVER, () => {}], /must not be empty/],
  ['a long name', ['x'.repeat(513), NEVER, () => {}], /at most|longer than 512/],
  ['no function', ['a', NEVER], /needs a function/],
  ['four fields', ['a', '* * * *', () => {}], /5 fields.*got '\* \* \* \*'/],
  ['a date', ['a', '2030-01-01T00:00:00', () => {}], /5 fields/],
  ['a field out of range', ['a', '0 25 * * *', () => {}], /5 fields.*25/],
  ['@reboot', ['a', '@reboot', () => {}], /5 fields/],
  ['no text', ['a', 5, () => {}], /text such as/],
  ['a day that never comes', ['a', '0 0 30 2 *', () => {}], /no tick to come/],
  ['an unknown zone', ['a', NEVER, { tz: 'Mars/Olympus' }, () => {}], /tz must be.*Mars/],
  ['an empty zone', ['a', NEVER, { tz: '' }, () => {}], /tz must be/],
  ['missed', ['a', NEVER, { missed: 'none' }, () => {}], /missed must be one of 'skip', 'latest', 'all'/],
  ['overlap', ['a', NEVER, { overlap: 1 }, () => {}], /overlap must be/],
  ['lost', ['a', NEVER, { lost: 'x' }, () => {}], /lost must be/],
  ['history', ['a', NEVER, { history: 0 }, () => {}], /history must be a whole number/],
  ['timeout', ['a', NEVER, { timeout: 5 }, () => {}], /timeout must be a duration/],
  ['a timeout of nothing', ['a', NEVER, { timeout: '0s' }, () => {}], /longer than/],
  ['an unknown option', ['a', NEVER, { timezone: 'UTC' }, () => {}], /unknown option 'timezone'/],
  ['a signal that is none', ['a', NEVER, { signal: {} }, () => {}], /AbortSignal/],
  ['onError', ['a', NEVER, { onError: 'x' }, () => {}], /onError must be/],
])('P7: %s is a TypeError before anything is sent', async (_, args, message) => {
  await using unconnected = fencepost('postgres://127.0.0.1:1/none')
  const call = unconnected.cron as (...all: unknown[]) => Promise<unknown>
  await expect(call(...args)).rejects.toThrow(TypeError)
  await expect(call(...args)).rejects.toThrow(message)
})

test('P7: one name runs once in a process; a database that cannot be reached is told at once', async () => {
  await using schedule = await fp.cron('twice', NEVER, () => {})
  await expect(fp.cron('twice', NEVER, () => {})).rejects.toThrow(/"twice" runs in this process already/)
  await schedule.stop()
  await using again = await fp.cron('twice', NEVER, () => {})
  await again.stop()
  await using unreachable = fencepost('postgres://127.0.0.1:1/none')
  await expect(unreachable.cron('a', NEVER, () => {})).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' })
  await using old = fencepost(database.url, { schema: 'not_there', migrate: 'off' })
  await expect(old.cron('a', NEVER, () => {})).rejects.toMatchObject({ code: 'SCHEMA_OUTDATED' })
})
