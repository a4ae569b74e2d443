import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'

const database = await cloneDatabase()
const { admin } = database
await admin.query('create table effects (job bigint, attempt integer)')
afterAll(() => database[Symbol.asyncDispose]())

interface Row {
  readonly id: number
  readonly name: string
  readonly state: string
  readonly attempt: number
  readonly crashes: number
  readonly process: number | null
}

const workerOf = async (queue: string, options: object = {}, instance: object = {}) =>
  await Remote.run('fixtures/worker.js', [database.url, { instance, worker: { queues: [queue], ...options } }])
const enqueue = async (queue: string, name: string, options: { count?: number; attempts?: number } = {}) => {
  const { count = 1, attempts = 5 } = options
  const text = `select id::integer from unnest(fencepost.enqueue_jobs(name => $1, queue => $2, attempts => $4,
    payloads => (select jsonb_agg(i) from generate_series(1, $3) as i))) as id`
  return (await admin.query<{ id: number }>(text, [name, queue, count, attempts])).rows.map(({ id }) => id)
}
const jobsOf = async (queue: string) =>
  (
    await admin.query<Row>(
      `select job.id::integer, job.name, job.state, job.attempt, job.crashes, worker.process
      from fencepost.jobs as job left join fencepost.workers as worker using (session) where job.queue = $1 order by job.id`,
      [queue],
    )
  ).rows
const untilRunning = async (queue: string, count: number, pid: number) =>
  await eventually(async () => {
    const jobs = await jobsOf(queue)
    return jobs.filter((job) => job.state === 'running' && job.process === pid).length === count && jobs
  })

test('P9: all jobs of a worker that is killed with SIGKILL run elsewhere within a second', async () => {
  await using killed = await workerOf('killed', { concurrency: 24 })
  await enqueue('killed', 'wait', { count: 24 })
  await untilRunning('killed', 24, killed.pid)
  await using other = await workerOf('killed', { concurrency: 24 })
  await eventually(async () => (await admin.query('select from fencepost.workers')).rows.length === 2)
  const killedAt = performance.now()
  await killed.kill()
  const jobs = await untilRunning('killed', 24, other.pid)
  const tookMs = performance.now() - killedAt
  console.log(`24 jobs of a killed worker ran elsewhere after ${Math.round(tookMs)} ms`)
  expect(tookMs).toBeLessThan(5000)
  expect(jobs.every(({ attempt, crashes }) => attempt === 2 && crashes === 1)).toBe(true)
  await other.call('goAll')
  await eventually(async () => (await jobsOf('killed')).length === 0)
}, 60_000)

test('a frozen worker loses its jobs after freezeTimeout, and what it does with them later is refused', async () => {
  await using frozen = await workerOf('frozen', { concurrency: 4 }, { freezeTimeout: '1s' })
  const [waiting] = await enqueue('frozen', 'wait')
  const [logging] = await enqueue('frozen', 'log')
  const [writing] = await enqueue('frozen', 'write')
  await untilRunning('frozen', 3, frozen.pid)
  await using other = await workerOf('frozen', { concurrency: 4 })
  frozen.freeze()
  await untilRunning('frozen', 3, other.pid)
  frozen.thaw()
  await frozen.call('goAll')
  expect(await frozen.call<string>('outcome', logging)).toMatch(/STALE_JOB|WORKER_LOST/)
  expect(await frozen.call<string>('outcome', writing)).not.toBe('done')
  expect((await admin.query('select from effects where job = $1 and attempt = 1', [writing])).rows).toEqual([])
  expect((await admin.query('select from fencepost.job_logs where job = $1', [logging])).rows).toEqual([])
  // Not completed, not failed: they are where they were.
  expect((await jobsOf('frozen')).map(({ id, state, attempt }) => ({ id, state, attempt }))).toEqual(
    [waiting, logging, writing].map((id) => ({ id, state: 'running', attempt: 2 })),
  )
  await eventually(async () => {
    await other.call('goAll')
    return (await jobsOf('frozen')).length === 0
  })
  expect((await admin.query('select attempt from effects where job = $1', [writing])).rows).toEqual([{ attempt: 2 }])
}, 60_000)

test('a job that kills its workers ends dead with the reason, and all others are done', async () => {
  const [killer] = await enqueue('killer', 'kill', { attempts: 4 })
  const bystanders = await enqueue('killer', 'quick', { count: 40 })
  let workers = 0
  // As a supervisor does.
  while ((await jobsOf('killer')).length > 0 && workers < 20) {
    await using worker = await workerOf('killer', { concurrency: 8 })
    workers++
    await eventually(async () => !isRunning(worker.pid) || (await jobsOf('killer')).length === 0)
  }
  const { rows } = await admin.query(
    `select id::integer, state, attempt, crashes, error from fencepost.finished_jobs where queue = 'killer'`,
  )
  expect(rows).toEqual([
    {
      id: killer,
      state: 'dead',
      attempt: 4,
      crashes: 4,
      error: expect.stringMatching(/^its worker died: .* at attempt 4 of 4$/),
    },
  ])
  expect(workers).toBe(5)
  expect(bystanders).toHaveLength(40)
}, 60_000)

test('a worker killed between the effects of a job and their commit leaves none, and the next attempt does both', async () => {
  await using killed = await workerOf('effects')
  const [job] = await enqueue('effects', 'write')
  await untilRunning('effects', 1, killed.pid)
  await killed.kill()
  await using other = await workerOf('effects')
  await untilRunning('effects', 1, other.pid)
  await eventually(async () => {
    await other.call('goAll')
    return (await jobsOf('effects')).length === 0
  })
  expect((await admin.query('select attempt from effects where job = $1', [job])).rows).toEqual([{ attempt: 2 }])
}, 60_000)

test('a worker whose session is ended by the server gives its jobs up and goes on with another one', async () => {
  await using worker = await workerOf('ended', { concurrency: 2, heeds: true })
  await using fp = fencepost(database.url)
  await fp.migrate()
  await enqueue('ended', 'wait', { count: 2 })
  const [first] = await untilRunning('ended', 2, worker.pid)
  await admin.query(
    `select pg_terminate_backend(pid) from pg_locks join fencepost.jobs as job
      on job.session = (classid::bigint << 32) | objid::bigint
    where locktype = 'advisory' and objsubid = 1 and job.queue = 'ended'`,
  )
  const again = await eventually(async () => {
    const jobs = await jobsOf('ended')
    return jobs.every(({ state, attempt }) => state === 'running' && attempt === 2) && jobs
  })
  expect(again[0]).toMatchObject({ id: first?.id, crashes: 1 })
  await worker.call('goAll')
  await eventually(async () => (await jobsOf('ended')).length === 0)
}, 60_000)

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
