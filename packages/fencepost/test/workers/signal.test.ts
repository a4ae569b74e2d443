import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { deferred } from '../support/deferred.ts'
import { eventually } from '../support/eventually.ts'
import { enqueue, exists, openDesk } from './desk.ts'

const database = await cloneDatabase()
const { admin } = database
await admin.query('create table effects (job bigint)')
const desk = await openDesk(database.url)
afterAll(async () => {
  await desk[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
})

test('a job is told by its signal with the first reason, also if it looks later', async () => {
  for (const looks of ['before', 'after']) {
    const job = await claim()
    const before = looks === 'before' ? job.signal : undefined
    expect(before?.aborted ?? false).toBe(false)
    const reason = new Error('the timeout is over')
    job.abort(reason)
    job.abort(new Error('another one'))
    expect(job.signal.reason).toBe(reason)
    expect(before ?? job.signal).toBe(job.signal)
  }
})

test('a job that was aborted is refused progress, log, the results of its children and a transaction, with the reason', async () => {
  const job = await claim()
  const reason = new Error('cancelled')
  job.abort(reason)
  let isBegun = false
  const work = async () => {
    isBegun = true
  }
  for (const late of [job.progress(1), job.log('x'), job.childResults(), job.transaction(work)]) {
    await expect(late).rejects.toBe(reason)
  }
  expect(isBegun).toBe(false)
})

test('a job that is aborted inside its transaction commits nothing, and completes nothing', async () => {
  const job = await claim()
  const reason = new Error('cancelled')
  const aborted = job.transaction(async (tx) => {
    await tx.query('insert into effects values ($1)', [job.id])
    job.abort(reason)
  })
  await expect(aborted).rejects.toBe(reason)
  expect([job.isCompleted, await exists(admin, job.id)]).toEqual([false, true])
  expect((await admin.query('select from effects where job = $1', [job.id])).rowCount).toBe(0)
})

test('a query that goes on in the transaction of an aborted job is ended some seconds later', async () => {
  const job = await claim()
  const begun = deferred()
  const stuck = job.transaction(async (tx) => {
    begun.resolve()
    await tx.query('select pg_sleep(100)')
  })
  stuck.catch(() => {})
  await begun.promise
  await eventually(async () => (await admin.query(SLEEPING)).rowCount === 1)
  job.abort(new Error('the timeout is over'))
  await expect(stuck).rejects.toThrow(/terminated|ended|closed/)
  await eventually(async () => (await admin.query(SLEEPING)).rowCount === 0)
  expect(await exists(admin, job.id)).toBe(true)
})

test('a job says what it was claimed with', async () => {
  await admin.query(`select fencepost.enqueue_jobs('said', '[1]', queue => 'signal', attempts => 7)`)
  const job = await desk.claim('signal')
  expect(job).toMatchObject({ name: 'said', queue: 'signal', attempt: 1, attempts: 7, key: null, group: null })
  const { rows } = await admin.query<{ token: string; at: Date }>(
    'select token, enqueued_at as at from fencepost.jobs where id = $1',
    [job.id],
  )
  expect([String(job.token), job.enqueuedAt]).toEqual([rows[0]?.token, rows[0]?.at])
})

test.each(['5', 'soon', -1, undefined])('a snooze of %j is a TypeError; one of a year is none', async (after) => {
  const job = await claim()
  expect(() => job.snooze(after as never)).toThrow(TypeError)
  expect(job.snooze('365d')).toEqual({ snoozeMs: 365 * 86_400_000 })
})

const SLEEPING = `select from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`

async function claim() {
  await enqueue(admin, 'signal')
  return await desk.claim('signal')
}
