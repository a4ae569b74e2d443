import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase, ownServer } from '../support/database.ts'
import { deferred } from '../support/deferred.ts'
import { eventually } from '../support/eventually.ts'

const database = await cloneDatabase()
const { admin } = database
afterAll(() => database[Symbol.asyncDispose]())

const NEVER = '0 0 1 1 *'

test("FAULTS 4: a tick that was begun before a crash of the server is lost, or run again with lost: 'retry', and no tick is run twice", async () => {
  await using server = await ownServer()
  await using fp = fencepost(server.url)
  const ran: string[] = []
  const codes = new Set<unknown>()
  const onError = (error: Error & { code?: unknown }) => codes.add(error.code)
  const [lost, retried] = [deferred(), deferred()]
  const work =
    (begun: { resolve(): void }) =>
    async ({ name, attempt, signal }: { name: string; attempt: number; signal: AbortSignal }) => {
      ran.push(`${name} ${attempt}`)
      begun.resolve()
      if (attempt === 1) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    }
  await fp.cron('lost', NEVER, { onError }, work(lost))
  await fp.cron('retried', NEVER, { lost: 'retry', onError }, work(retried))
  await fp.cron('done', NEVER, { onError }, ({ name, attempt }) => void ran.push(`${name} ${attempt}`))
  await fp.schedules.runNow('done')
  await eventually(async () => (await fp.schedules.history('done'))[0]?.state === 'done')
  await fp.schedules.runNow('lost')
  await fp.schedules.runNow('retried')
  await Promise.all([lost.promise, retried.promise])
  await server.restart('crash')
  await eventually(async () => (await fp.schedules.history('retried'))[0]?.state === 'done')
  await eventually(async () => (await fp.schedules.history('lost'))[0]?.endedAt)
  expect((await fp.schedules.history('lost')).map(({ state }) => state)).toEqual(['lost'])
  expect(ran.toSorted()).toEqual(['done 1', 'lost 1', 'retried 1', 'retried 2'])
  expect(codes).toContain('TICK_LOST')
})

test('P7: what runs goes on when somebody keeps the tables locked, and so do locks of the same process; afterwards ticks go on', async () => {
  await using fp = fencepost(database.url)
  const [begun, go] = [deferred(), deferred()]
  const errors: Error[] = []
  let aborted = false
  await fp.cron('locked', NEVER, { onError: (error) => errors.push(error) }, async ({ signal }) => {
    signal.addEventListener('abort', () => (aborted = true), { once: true })
    begun.resolve()
    await go.promise
  })
  await fp.schedules.runNow('locked')
  await begun.promise
  const client = await admin.connect()
  await client.query('begin; lock table fencepost.schedules, fencepost.schedule_ticks in access exclusive mode')
  await admin.query(`select pg_notify('fencepost:cron', 'default')`)
  await eventually(async () => errors.length > 0)
  await fp.lock('other', async (lock) => expect(lock.signal.aborted).toBe(false))
  await client.query('rollback')
  client.release()
  go.resolve()
  await eventually(async () => (await fp.schedules.history('locked'))[0]?.state === 'done')
  expect(aborted).toBe(false)
  expect(errors).toMatchObject([{ code: 'DATABASE_UNREACHABLE' }])
})

test('P7: an expression that this process cannot read is told, and other schedules go on', async () => {
  await using fp = fencepost(database.url)
  const errors: Error[] = []
  const ran = deferred()
  await fp.cron('odd', NEVER, { onError: (error) => errors.push(error) }, () => {})
  await admin.query(
    `update fencepost.schedules set expression = 'each full moon', revision = revision + 1 where name = 'odd'`,
  )
  await fp.cron('even', '* * * * * *', () => ran.resolve())
  await ran.promise
  await eventually(async () => errors.length === 2)
  expect(errors).toMatchObject([
    { code: 'SCHEDULE_CHANGED' },
    { message: expect.stringMatching(/5 fields.*each full moon/) },
  ])
})

test('P7: a verb that waits for somebody, and whose connection is ended meanwhile, says so', async () => {
  await using fp = fencepost(database.url)
  await using schedule = await fp.cron('kept', NEVER, () => {})
  const client = await admin.connect()
  await client.query(`begin; select from fencepost.schedules where name = 'kept' for update`)
  const pausing = fp.schedules.pause('kept')
  const refused = expect(pausing).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' })
  await eventually(async () => {
    const text = `select pg_terminate_backend(pid) from pg_stat_activity where wait_event_type = 'Lock' and query like '%pause_schedule%'`
    return (await admin.query(text)).rowCount
  })
  await refused
  await client.query('rollback')
  client.release()
  expect(await fp.schedules.pause('kept')).toBe(true)
  await schedule.stop()
})
