import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { deferred } from '../support/deferred.ts'
import { eventually } from '../support/eventually.ts'
import { byClock } from './by-clock.ts'

const database = await cloneDatabase()
const { admin } = database
afterAll(() => database[Symbol.asyncDispose]())

const YEAR = new Date().getUTCFullYear() + 1
const at = (time: string) => `${YEAR}-06-01T${time}Z`

const revision = async () =>
  (await admin.query(`select revision, next_at from fencepost.schedules where name = 'agreed'`)).rows as unknown

test('the last that declares a schedule decides for all; the others are told, and go by that', async () => {
  await using old = fencepost(database.url, { application: 'old' })
  await using next = fencepost(database.url, { application: 'new' })
  const errors: Error[] = []
  const ran = deferred()
  const onError = (error: Error) => errors.push(error)
  await old.cron('deployed', '0 0 1 1 *', { onError }, () => ran.resolve())
  const schedule = await next.cron('deployed', '* * * * * *', { tz: 'Asia/Tokyo', onError }, () => {})
  await eventually(async () => errors.length === 1)
  expect(errors[0]).toMatchObject({
    code: 'SCHEDULE_CHANGED',
    schedule: 'deployed',
    declared: { expression: '0 0 1 1 *', tz: 'UTC' },
    inForce: { expression: '* * * * * *', tz: 'Asia/Tokyo' },
    message: expect.stringMatching(
      /goes by what new on .* \(pid \d+\) has declared: '\* \* \* \* \* \*' in Asia\/Tokyo/,
    ),
  })
  // The one with the new code is gone.
  await schedule.stop()
  await ran.promise
  expect(errors).toHaveLength(1)
})

test('one that was forgotten and is declared otherwise at once is gone by as it is then', async () => {
  await using one = fencepost(database.url)
  const errors: Error[] = []
  const ran = deferred()
  await one.cron('anew', '0 0 1 1 *', { onError: (error) => errors.push(error) }, () => ran.resolve())
  await eventually(async () =>
    (await one.schedules.list()).some(({ name, nextAt }) => name === 'anew' && nextAt !== null),
  )
  await admin.query(`
    with gone as (delete from fencepost.schedules where name = 'anew' returning *)
    select fencepost.declare_schedule(namespace, name, '* * * * * *', tz, missed, overlap, lost, history, 'new', host, process) from gone`)
  await ran.promise
  expect(errors).toMatchObject([{ code: 'SCHEDULE_CHANGED', inForce: { expression: '* * * * * *' } }])
})

test('processes that agree change nothing, however often they declare it', async () => {
  await using one = fencepost(database.url)
  await using two = fencepost(database.url)
  const errors: Error[] = []
  const onError = (error: Error) => errors.push(error)
  await one.cron('agreed', '0 0 1 1 *', { onError }, () => {})
  await eventually(async () => JSON.stringify(await revision()).includes('T00:00:00'))
  const before = await revision()
  const again = await two.cron('agreed', '0 0 1 1 *', { onError }, () => {})
  await again.stop()
  expect(await revision()).toEqual(before)
  expect(before).toMatchObject([{ revision: 1 }])
  expect(errors).toEqual([])
})

test('a changed expression counts from the change: nothing of before is missed', async () => {
  const ran: string[] = []
  const work = ({ scheduledAt }: { scheduledAt: Date }) => void ran.push(scheduledAt.toISOString().slice(11, 16))
  {
    await using before = await byClock(database, at('00:00:30'))
    await before.fp.cron('changed', '0 * * * *', { missed: 'all' }, work)
    await before.to(at('01:00:00'))
  }
  await using after = await byClock(database, at('03:10:00'))
  await after.fp.cron('changed', '30 * * * *', { missed: 'all' }, work)
  await after.to(at('03:20:00'))
  await after.to(at('03:30:00'))
  expect(ran).toEqual(['01:00', '03:30'])
})

test('a changed policy changes no tick', async () => {
  const ran: string[] = []
  const work = ({ scheduledAt }: { scheduledAt: Date }) => void ran.push(scheduledAt.toISOString().slice(11, 16))
  {
    await using before = await byClock(database, at('00:00:30'))
    await before.fp.cron('policy', '0 * * * *', { missed: 'skip' }, work)
    await before.to(at('01:00:00'))
  }
  await using after = await byClock(database, at('03:10:00'))
  await after.fp.cron('policy', '0 * * * *', { missed: 'all' }, work)
  await after.to(at('03:20:00'))
  expect(ran).toEqual(['01:00', '02:00', '03:00'])
})

test('an outage of the database is waited out, and told once or twice, not at each look', async () => {
  await using fp = fencepost(database.url)
  const errors: Error[] = []
  let ran = 0
  await fp.cron('outage', '* * * * * *', { onError: (error) => errors.push(error) }, () => void ran++)
  await eventually(async () => ran > 0)
  await admin.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
  )
  const before = ran
  await eventually(async () => ran > before)
  expect(errors.length).toBeLessThanOrEqual(2)
})
