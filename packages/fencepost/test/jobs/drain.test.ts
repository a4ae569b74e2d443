import { defineJob, type Fencepost, fencepost } from 'fencepost'
import { drain, testClock } from 'fencepost/testing'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'

const database = await cloneDatabase()
const fp: Fencepost = fencepost(database.url)
await database.admin.query('create table effects (n integer)')

beforeEach(async () => {
  await database.admin.query('truncate fencepost.jobs, fencepost.finished_jobs, fencepost.queues, effects')
})
afterAll(async () => {
  await fp.close()
  await database[Symbol.asyncDispose]()
})

test('drain runs what is due, in order, and what that enqueues, and says what came of it', async () => {
  const ran: number[] = []
  const child = defineJob({ name: 'child', queue: 'other', run: (n: number) => void ran.push(n) })
  const parent = defineJob({
    name: 'parent',
    async run(n: number) {
      ran.push(n)
      await fp.enqueue(child, n * 10 + 10)
      return n
    },
  })
  await fp.enqueueMany(parent, [1, 2])
  await fp.enqueue(parent, 0, { priority: -1 })
  const report = await drain(fp, [parent, child])
  expect(ran.filter((n) => n < 10)).toEqual([0, 1, 2])
  expect(ran.filter((n) => n >= 10)).toEqual([10, 20, 30])
  expect(report.done).toHaveLength(6)
  expect(report.done[0]).toEqual({ id: expect.any(Number), name: 'parent', attempt: 1, payload: 0, result: 0 })
  expect(report).toMatchObject({ failed: [], dead: [], snoozed: [], lost: [], hasMore: false })
  expect(await fp.jobs.counts()).toEqual([])
  expect((await database.admin.query('select from fencepost.workers')).rowCount).toBe(0)
})

test('drain: what fails comes again when the clock has come so far, until it is dead', async () => {
  await using own = fencepost(database.url)
  const clock = testClock()
  const bad = new Error('no')
  const flaky = defineJob({
    name: 'flaky',
    retry: { attempts: 3, delay: '1m', factor: 60 },
    run: (): void => {
      throw bad
    },
  })
  const { id } = await own.enqueue(flaky, undefined)
  expect(await drain(own, [flaky], { clock })).toMatchObject({ failed: [{ id, attempt: 1, error: bad }], dead: [] })
  expect(await drain(own, [flaky], { clock })).toMatchObject({ failed: [], dead: [] })
  await clock.advance('1m')
  expect(await drain(own, [flaky], { clock })).toMatchObject({ failed: [{ id, attempt: 2 }] })
  await clock.advance('59m')
  expect(await drain(own, [flaky], { clock })).toMatchObject({ failed: [], dead: [] })
  await clock.advance('1m')
  expect(await drain(own, [flaky], { clock })).toMatchObject({ failed: [], dead: [{ id, attempt: 3, error: bad }] })
  expect(await own.jobs.get(id)).toMatchObject({ state: 'dead', error: 'Error: no' })
})

test('drain: delayed and snoozed jobs come when the clock says so; a delay counts from the moved clock', async () => {
  await using own = fencepost(database.url)
  const clock = testClock()
  const ran: string[] = []
  const late = defineJob({ name: 'late', run: (what: string) => void ran.push(what) })
  const sleepy = defineJob({
    name: 'sleepy',
    run: (_: null, job) => (ran.push(`sleepy ${job.attempt}`) < 2 ? job.snooze('1d') : 'rested'),
  })
  await own.enqueue(late, 'in a week', { delay: '7d' })
  await own.enqueue(sleepy, null)
  expect(await drain(own, [late, sleepy], { clock })).toMatchObject({ done: [], snoozed: [{ name: 'sleepy' }] })
  await clock.advance('1d')
  // Before the next drain.
  await own.enqueue(late, 'in an hour', { delay: '1h' })
  expect(await drain(own, [late, sleepy], { clock })).toMatchObject({ done: [{ result: 'rested' }] })
  await clock.advance('1h')
  await drain(own, [late], { clock })
  await clock.advance('6d')
  await drain(own, [late], { clock })
  expect(ran).toEqual(['sleepy 1', 'sleepy 1', 'in an hour', 'in a week'])
})

test('drain: a job’s transaction, log, progress and cancellation are the real ones', async () => {
  const paid = defineJob({
    name: 'paid',
    async run(n: number, job) {
      await job.log(`pay ${n}`)
      await job.progress({ half: true })
      if (n === 2) await fp.jobs.cancel(job.id)
      await job.transaction((tx) => tx.query('insert into effects values ($1)', [n]))
    },
  })
  const [first, second] = await fp.enqueueMany(paid, [1, 2])
  const report = await drain(fp, [paid])
  expect(report.done.map(({ id }) => id)).toEqual([first?.id])
  expect(report.lost.map(({ id }) => id)).toEqual([second?.id])
  expect((await database.admin.query('select n from effects')).rows).toEqual([{ n: 1 }])
  expect(await fp.jobs.logs(second?.id ?? 0)).toMatchObject([{ attempt: 1, line: 'pay 2' }])
  expect(await fp.jobs.get(second?.id ?? 0)).toMatchObject({ state: 'cancelled' })
})

test('drain: a job that enqueues itself for ever ends at the limit, and nothing stays claimed', async () => {
  const forever = defineJob({
    name: 'forever',
    async run(): Promise<void> {
      await fp.enqueue(forever, undefined)
    },
  })
  await fp.enqueue(forever, undefined)
  const report = await drain(fp, [forever], { limit: 5 })
  expect(report).toMatchObject({ hasMore: true, done: { length: 5 } })
  expect(await fp.jobs.counts()).toMatchObject([{ state: 'ready', jobs: 1 }])
})

test('drain: a payload that the schema refuses is dead at once; jobs of other kinds and of paused queues are left alone', async () => {
  const strict = defineJob({
    name: 'strict',
    schema: {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value: unknown) => (value === 1 ? { value } : { issues: [{ message: 'not one' }] }),
      },
    },
    run: () => {},
  })
  const other = defineJob<null, void>({ name: 'other', run: () => {} })
  await database.admin.query(`select fencepost.enqueue('strict', '2')`)
  await fp.enqueue(other, null)
  const report = await drain(fp, [strict])
  expect(report).toMatchObject({ done: [], dead: [{ error: { code: 'JOB_PAYLOAD' } }] })
  await fp.jobs.pause()
  expect(await drain(fp, [other])).toMatchObject({ done: [] })
  await fp.jobs.resume()
  expect(await drain(fp, [other])).toMatchObject({ done: [{ name: 'other' }] })
})

test('drain and testClock refuse what cannot be right', async () => {
  await expect(drain(fp, [])).rejects.toThrow(TypeError)
  await expect(drain(fp, [defineJob<null>({ name: 'x' }) as never])).rejects.toThrow(TypeError)
  await expect(drain(fp, [defineJob({ name: 'x', run: () => {} })], { limit: 0 })).rejects.toThrow(TypeError)
  await expect(testClock().advance('-1h')).rejects.toThrow(TypeError)
})
