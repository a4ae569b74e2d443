import { defineJob, fencepost } from 'fencepost'
import { drain } from 'fencepost/testing'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { deferred } from '../support/deferred.ts'
import { eventually } from '../support/eventually.ts'

const database = await cloneDatabase()
// A schema and a namespace of its own: nothing of what follows depends on their names.
const fp = fencepost(database.url, { schema: 'other_place', namespace: 'shop' })
await database.admin.query('create table effects (job bigint)')

beforeEach(async () => {
  await fp.migrate()
  await database.admin.query('truncate other_place.jobs, other_place.finished_jobs, other_place.queues, effects')
})
afterAll(async () => {
  await fp.close()
  await database[Symbol.asyncDispose]()
})

test('cancel aborts the signal of a job that runs, and its transaction commits nothing', async () => {
  const began = deferred()
  const told = deferred<unknown>()
  const refused = deferred<unknown>()
  const long = defineJob({
    name: 'long',
    async run(_: null, job) {
      job.signal.addEventListener('abort', () => told.resolve(job.signal.reason))
      began.resolve()
      await told.promise
      await job.transaction((tx) => tx.query('insert into effects values ($1)', [job.id])).catch(refused.resolve)
    },
  })
  await using worker = fp.worker([long])
  const { id } = await fp.enqueue(long, null)
  await began.promise
  expect(await fp.jobs.cancel(id)).toBe(true)
  expect(await told.promise).toMatchObject({ code: 'JOB_CANCELLED' })
  expect(await refused.promise).toMatchObject({ code: 'JOB_CANCELLED' })
  await worker.idle()
  expect((await database.admin.query('select from effects')).rowCount).toBe(0)
  expect(await fp.jobs.get(id)).toMatchObject({ state: 'cancelled', queue: 'default' })
})

test('a worker leaves a paused queue alone, and is woken by resume, retry and redrive', async () => {
  let fails = true
  const ran: number[] = []
  const job = defineJob({
    name: 'some',
    retry: { attempts: 1 },
    run(n: number) {
      ran.push(n)
      if (fails) throw new Error('no')
    },
  })
  await using worker = fp.worker([job])
  await worker.idle()
  await fp.jobs.pause()
  await fp.enqueue(job, 1)
  await worker.idle()
  expect(ran).toEqual([])
  await fp.jobs.resume()
  await eventually(async () => ran.length === 1)
  await eventually(async () => (await fp.jobs.list({ state: 'dead' })).length === 1)
  fails = false
  expect(await fp.jobs.redrive()).toBe(1)
  await eventually(async () => ran.length === 2)
  const { id } = await fp.enqueue(job, 3, { delay: '1h' })
  expect(await fp.jobs.retry(id)).toBe(true)
  await eventually(async () => ran.length === 3)
})

test('of jobs that are cancelled while workers run them each is done or cancelled, never both, with its effect or without', async () => {
  const pay = defineJob({
    name: 'pay',
    keep: '1h',
    async run(_: number, job) {
      await job.transaction((tx) => tx.query('insert into effects values ($1)', [job.id]))
    },
  })
  const jobs = await fp.enqueueMany(
    pay,
    Array.from({ length: 200 }, (_, n) => n),
  )
  await using one = fp.worker([pay], { concurrency: 4 })
  await using two = fp.worker([pay], { concurrency: 4 })
  const cancelled = new Set<number>()
  for (const { id } of jobs.toReversed()) if (await fp.jobs.cancel(id)) cancelled.add(id)
  await Promise.all([one.idle(), two.idle()])
  const { rows } = await database.admin.query<{ id: string; state: string; effects: string }>(
    `select id, state, (select count(*) from effects where job = id) as effects from other_place.job_list`,
  )
  expect(rows).toHaveLength(200)
  for (const { id, state, effects } of rows) {
    expect([state, effects]).toEqual(cancelled.has(Number(id)) ? ['cancelled', '0'] : ['done', '1'])
  }
})

test('drain runs the children of a flow before their parent, which gets their results', async () => {
  const part = defineJob({ name: 'part', run: (n: number) => n * 2 })
  const sum = defineJob({ name: 'sum', keep: '1h', run: async (_: null, job) => await job.childResults() })
  await fp.enqueueFlow({ job: sum, payload: null, children: [1, 2, 3].map((payload) => ({ job: part, payload })) })
  const { done } = await drain(fp, [sum, part])
  expect(done.map(({ name }) => name)).toEqual(['part', 'part', 'part', 'sum'])
  expect(done.at(-1)?.result).toEqual([2, 4, 6])
})
