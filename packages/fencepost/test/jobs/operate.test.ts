import { defineJob, fencepost } from 'fencepost'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { SqlWorker } from './sql-worker.ts'

const database = await cloneDatabase()
const fp = fencepost(database.url)
const mail = defineJob<{ to: number }>({ name: 'mail' })
const report = defineJob<null>({ name: 'report', queue: 'slow' })

beforeEach(async () => {
  await database.admin.query('truncate fencepost.jobs, fencepost.finished_jobs, fencepost.queues, fencepost.job_logs')
})
afterAll(async () => {
  await fp.close()
  await database[Symbol.asyncDispose]()
})

test('jobs: every verb leaves alone what does not exist, and says so', async () => {
  expect(await fp.jobs.get(4711)).toBeNull()
  expect(await fp.jobs.logs(4711)).toEqual([])
  expect(await fp.jobs.retry(4711)).toBe(false)
  expect(await fp.jobs.cancel(4711)).toBe(false)
  expect(await fp.jobs.redrive({ queue: 'never', name: 'never' })).toBe(0)
  expect(await fp.jobs.resume('never')).toBe(false)
  expect(await fp.jobs.list({ name: 'never' })).toEqual([])
  await expect(fp.jobs.get('1' as never)).rejects.toThrow(TypeError)
  await expect(fp.jobs.list({ state: 'lost' as never })).rejects.toThrow(TypeError)
  await expect(fp.jobs.list({ limit: 0 })).rejects.toThrow(TypeError)
  await expect(fp.jobs.pause('a:b')).rejects.toThrow(TypeError)
})

test('jobs: of a paused queue none is claimed, what runs goes on, and after resume they come', async () => {
  await fp.enqueueMany(mail, [{ to: 1 }, { to: 2 }])
  await using worker = await SqlWorker.open(database.url, 'default', 'slow')
  const [first] = await worker.claim(1)
  if (first === undefined) throw new Error('it was not claimed')
  expect(await fp.jobs.pause()).toBe(true)
  expect(await fp.jobs.pause()).toBe(false)
  await fp.enqueue(report, null)
  // The other queue is not paused.
  expect(await worker.claim()).toMatchObject([{ name: 'report' }])
  expect(await worker.complete(first)).toBe(true)
  await using other = fencepost(database.url, { namespace: 'other' })
  expect(await other.jobs.resume()).toBe(false)
  expect(await fp.jobs.resume()).toBe(true)
  expect(await worker.claim()).toMatchObject([{ name: 'mail' }])
})

test('jobs: resume, retry and redrive wake a worker that sleeps, and enqueuers tell nobody while none does', async () => {
  await using worker = await SqlWorker.open(database.url, 'default')
  const rung: string[] = []
  worker.client.on('notification', ({ payload }) => rung.push(payload ?? ''))
  await worker.client.query('listen "fencepost:jobs"; select fencepost.register_sleeper($${default}$$)')
  await fp.jobs.pause()
  await fp.jobs.resume()
  await eventually(async () => rung.length === 1)
  const { id } = await fp.enqueue(mail, { to: 1 }, { delay: '1h' })
  const before = rung.length
  expect(await fp.jobs.retry(id)).toBe(true)
  await eventually(async () => rung.length > before)
  const [job] = await worker.claim()
  if (job === undefined) throw new Error('it was not claimed')
  await worker.fail(job, 'no')
  const dead = rung.length
  expect(await fp.jobs.redrive()).toBe(1)
  await eventually(async () => rung.length > dead)
  expect(new Set(rung)).toEqual(new Set(['default']))
})

test('jobs: a job that is cancelled while it runs is told to its worker, and can neither be completed nor fail', async () => {
  await using worker = await SqlWorker.open(database.url, 'default')
  const told: string[] = []
  worker.client.on('notification', ({ payload }) => told.push(payload ?? ''))
  await worker.client.query(`listen "fencepost:${worker.session}"`)
  const { id } = await fp.enqueue(mail, { to: 1 }, { keep: '1h' })
  const [job] = await worker.claim()
  if (job === undefined) throw new Error('it was not claimed')
  expect(await fp.jobs.cancel(id)).toBe(true)
  await eventually(async () => told.includes(`job:${id}:${job.token}`))
  expect(await worker.complete(job)).toBe(false)
  await worker.fail(job, 'too late', 0)
  expect(await fp.jobs.get(id)).toMatchObject({ state: 'cancelled', token: null, holder: null, error: null })
  expect(await worker.claim()).toEqual([])
})

test('jobs: what was done under a job before it was cancelled is committed with it or not at all', async () => {
  await using worker = await SqlWorker.open(database.url, 'default')
  const { id } = await fp.enqueue(mail, { to: 1 })
  const [job] = await worker.claim()
  if (job === undefined) throw new Error('it was not claimed')
  await worker.client.query('begin')
  expect(await worker.complete(job)).toBe(true)
  const cancelled = fp.jobs.cancel(id)
  await eventually(async () => {
    const { rowCount } = await database.admin.query(
      `select from pg_stat_activity where wait_event_type = 'Lock' and query like '%cancel_job%' and datname = current_database()`,
    )
    return rowCount === 1
  })
  await worker.client.query('commit')
  expect(await cancelled).toBe(false)
  expect(await fp.jobs.get(id)).toBeNull()
})

test('jobs: a limit holds from now on, over all workers, and without limits there is none any more', async () => {
  await fp.enqueueMany(mail, [{ to: 1 }, { to: 2 }, { to: 3 }])
  expect(await fp.jobs.limit({ job: 'mail' }, { concurrency: 1, rate: { limit: 100, per: '1m' } })).toBe(true)
  expect(await fp.jobs.limit({ job: 'mail' }, { concurrency: 1, rate: { limit: 100, per: '1m' } })).toBe(false)
  await using worker = await SqlWorker.open(database.url, 'default')
  expect(await worker.claim()).toHaveLength(1)
  expect(await worker.claim()).toEqual([])
  expect(await fp.jobs.limit({ job: 'mail' })).toBe(true)
  expect(await worker.claim()).toHaveLength(2)
  expect(await fp.jobs.limit({ queue: 'never' })).toBe(false)
  await expect(fp.jobs.limit({} as never, {})).rejects.toThrow(TypeError)
  await expect(fp.jobs.limit({ queue: 'a' }, { concurrency: 0 })).rejects.toThrow(TypeError)
  await expect(fp.jobs.limit({ queue: 'a' }, { rate: { limit: 1, per: '0s' } })).rejects.toThrow(TypeError)
})
