import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase, emptyDatabase } from '../support/database.ts'
import { deferred } from '../support/deferred.ts'
import { eventually } from '../support/eventually.ts'
import { byClock } from './by-clock.ts'

const database = await cloneDatabase()
const { admin } = database
afterAll(() => database[Symbol.asyncDispose]())

const NEVER = '0 0 1 1 *'
const YEAR = new Date().getUTCFullYear() + 1
const at = (time: string) => `${YEAR}-06-01T${time}Z`

const ask = async (call: string) => (await admin.query(`select fencepost.${call} as answer`)).rows[0]?.answer as unknown

test('P10: one statement tells of each schedule when it is due, its last tick, who has it, under which token, and what was missed and skipped', async () => {
  await using fp = fencepost(database.url, { application: 'reporter' })
  const [begun, go] = [deferred<number>(), deferred()]
  await fp.cron('report', '30 2 * * *', { tz: 'Europe/Warsaw', missed: 'latest' }, async ({ token }) => {
    begun.resolve(token)
    await go.promise
  })
  await fp.schedules.runNow('report')
  const token = await begun.promise
  const text = `select * from fencepost.schedule_list where name = 'report'`
  expect((await admin.query(text)).rows).toMatchObject([
    {
      namespace: 'default',
      expression: '30 2 * * *',
      tz: 'Europe/Warsaw',
      missed: 'latest',
      next_at: expect.any(Date),
      last_at: expect.any(Date),
      outcome: 'running',
      token: String(token),
      application: 'reporter',
      process: process.pid,
      running: '1',
      queued: '0',
      missed_ticks: '0',
      skipped_ticks: '0',
      paused_at: null,
      declared_by: 'reporter',
    },
  ])
  go.resolve()
  await eventually(async () => (await fp.schedules.list())[0]?.last?.state === 'done')
  const ticks = await admin.query(`select state, token, duration, error from fencepost.tick_list where name = 'report'`)
  expect(ticks.rows).toMatchObject([{ state: 'done', token: String(token), duration: expect.anything(), error: null }])
  expect(await fp.schedules.list()).toMatchObject([
    {
      name: 'report',
      overlap: 'skip',
      lost: 'skip',
      history: 1000,
      last: { state: 'done', token, runner: { application: 'reporter' }, durationMs: expect.any(Number) },
      running: 0,
      missedTicks: 0,
      pausedAt: null,
      declaredBy: { process: process.pid },
    },
  ])
})

test('what is paused has no ticks, and goes on with the next after resume; what is run by hand runs all the same', async () => {
  await using run = await byClock(database, at('00:00:30'))
  const ran: string[] = []
  await run.fp.cron('paused', '* * * * *', { missed: 'all' }, ({ scheduledAt, isManual }) => {
    ran.push(isManual ? 'manual' : scheduledAt.toISOString().slice(11, 16))
  })
  await run.to(at('00:01:00'))
  expect(await run.fp.schedules.pause('paused')).toBe(true)
  expect(await run.fp.schedules.pause('paused')).toBe(false)
  await run.to(at('00:03:00'))
  expect((await run.fp.schedules.list()).find(({ name }) => name === 'paused')).toMatchObject({
    nextAt: null,
    pausedAt: expect.any(Date),
    pausedBy: expect.any(String),
  })
  const id = await run.fp.schedules.runNow('paused')
  await run.to(at('00:03:30'))
  expect((await run.fp.schedules.history('paused'))[0]).toMatchObject({ id, isManual: true, state: 'done' })
  expect(await run.fp.schedules.resume('paused')).toBe(true)
  expect(await run.fp.schedules.resume('paused')).toBe(false)
  await run.to(at('00:04:00'))
  expect(ran).toEqual(['00:01', 'manual', '00:04'])
})

test('what is queued while a schedule is paused waits for resume', async () => {
  await using run = await byClock(database, at('00:00:30'))
  const go = deferred()
  let ran = 0
  await run.fp.cron('waits', '* * * * *', { overlap: 'queue' }, async () => {
    ran++
    await go.promise
  })
  const running = run.to(at('00:01:00'))
  await run.untilState('waits', 'running')
  await run.clock.advance('1m')
  await run.untilTicks('waits', 2)
  await run.fp.schedules.pause('waits')
  go.resolve()
  await running
  await run.to(at('00:02:10'))
  expect(ran).toBe(1)
  await run.fp.schedules.resume('waits')
  await run.to(at('00:02:20'))
  expect(ran).toBe(2)
})

test('P3: a tick is begun only under its lock, only once, and not while its schedule is paused, whatever its process has seen', async () => {
  await using fp = fencepost(database.url)
  const schedule = await fp.cron('begun', NEVER, () => {})
  await schedule.stop()
  // As if it had been due.
  const { rows } = await admin.query<{ id: string }>(
    `insert into fencepost.schedule_ticks (namespace, name, scheduled_at, state)
    values ('default', 'begun', now(), 'queued') returning id`,
  )
  const begin = async (token: number) => await ask(`begin_tick(${rows[0]?.id}, ${token}, 'a', 'h', 1)`)
  expect(await begin(42)).toBeNull()
  const client = await admin.connect()
  const locked = await client.query<{ token: string }>(`select fencepost.try_lock('begun', 'default/cron') as token`)
  const token = Number(locked.rows[0]?.token)
  await fp.schedules.pause('begun')
  expect(await begin(token)).toBeNull()
  await fp.schedules.resume('begun')
  expect(await begin(token)).toMatchObject({ state: 'running', attempt: 1 })
  // Who has not heard the answer asks again; nobody else is told that he has it.
  expect(await begin(token)).toMatchObject({ state: 'running', attempt: 1 })
  expect(await begin(token + 2)).toBeNull()
  await client.query(`select fencepost.unlock('begun', 'default/cron')`)
  client.release()
})

test('the verbs in SQL do the same, and say false or nothing of what does not exist', async () => {
  await using fp = fencepost(database.url)
  const manual = deferred<boolean>()
  await fp.cron('sql', NEVER, ({ isManual }) => manual.resolve(isManual))
  expect(await ask(`pause_schedule('sql')`)).toBe(true)
  expect(await ask(`resume_schedule('sql')`)).toBe(true)
  expect(Number(await ask(`run_schedule('sql')`))).toBeGreaterThan(0)
  expect(await manual.promise).toBe(true)
  for (const verb of ['pause_schedule', 'resume_schedule', 'forget_schedule'])
    expect(await ask(`${verb}('no')`)).toBe(false)
  expect(await ask(`run_schedule('no')`)).toBeNull()
  expect(await fp.schedules.runNow('no')).toBeNull()
  expect(await fp.schedules.pause('no')).toBe(false)
  expect(await fp.schedules.forget('no')).toBe(false)
  expect(await fp.schedules.history('no')).toEqual([])
  for (const call of [fp.schedules.runNow(''), fp.schedules.history('sql', { limit: 0 }), fp.schedules.pause('x\0')])
    await expect(call).rejects.toThrow(TypeError)
})

test('a schedule that is forgotten is gone with its history, and comes back where it still runs', async () => {
  await using fp = fencepost(database.url)
  const schedule = await fp.cron('old', NEVER, () => {})
  await schedule.stop()
  expect(await fp.schedules.forget('old')).toBe(true)
  expect((await fp.schedules.list()).map(({ name }) => name)).not.toContain('old')

  let ran = 0
  await using living = await fp.cron('living', NEVER, () => void ran++)
  await fp.schedules.forget('living')
  await admin.query(`select pg_notify('fencepost:cron', 'default')`)
  await eventually(async () => (await fp.schedules.list()).some(({ name }) => name === 'living'))
  await fp.schedules.runNow('living')
  await eventually(async () => ran === 1)
  await living.stop()
})

test('P3: a tick whose schedule is forgotten is told that it is lost, and what it still wants to commit is refused', async () => {
  await using fp = fencepost(database.url)
  const [begun, go, refused] = [deferred(), deferred(), deferred<unknown>()]
  const errors: Error[] = []
  const onError = (error: Error) => errors.push(error)
  await using schedule = await fp.cron('gone', NEVER, { onError }, async ({ transaction }) => {
    begun.resolve()
    await go.promise
    await transaction((tx) => tx.query('select 1')).catch(refused.resolve)
  })
  await fp.schedules.runNow('gone')
  await begun.promise
  await fp.schedules.forget('gone')
  go.resolve()
  expect(await refused.promise).toMatchObject({ code: 'STALE_TOKEN' })
  await schedule.stop()
  expect(errors).toMatchObject([{ code: 'TICK_LOST', message: expect.stringMatching(/its schedule was removed/) }])
  expect((await admin.query(`select from fencepost.who('gone', 'default/cron')`)).rowCount).toBe(0)
})

test('schedules of another namespace, and in another schema, are others', async () => {
  await using empty = await emptyDatabase()
  const parts = { schema: 'other', namespace: 'n' }
  await using one = fencepost(empty.url, { schema: 'other' })
  await using two = fencepost(empty.url, parts)
  const ran: string[] = []
  const commit =
    (who: string) =>
    async ({ transaction }: { transaction: (work: () => Promise<void>) => Promise<void> }) => {
      await transaction(async () => void ran.push(who))
    }
  await one.cron('same', NEVER, commit('one'))
  await two.cron('same', NEVER, { overlap: 'allow' }, commit('two'))
  await two.schedules.runNow('same')
  await eventually(async () => (await two.schedules.history('same'))[0]?.state === 'done')
  expect(await one.schedules.history('same')).toEqual([])
  await one.schedules.runNow('same')
  await eventually(async () => (await one.schedules.history('same'))[0]?.state === 'done')
  expect(ran).toEqual(['two', 'one'])
  expect((await empty.admin.query('select namespace, outcome from other.schedule_list order by 1')).rows).toEqual([
    { namespace: 'default', outcome: 'done' },
    { namespace: 'n', outcome: 'done' },
  ])
})
