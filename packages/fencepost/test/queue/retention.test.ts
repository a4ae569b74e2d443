import { defineJob, fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { insertJobs } from './insert-jobs.ts'
import { SqlWorker } from './sql-worker.ts'

const database = await cloneDatabase()
const { admin } = database
const worker = await SqlWorker.open(database)
afterAll(async () => {
  await worker[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
})

const sweep = async (most: number) =>
  (await admin.query<{ removed: number }>('select fencepost.sweep_finished_jobs($1) as removed', [most])).rows[0]
    ?.removed
const kept = async (queue: string) => {
  const text = 'select id::integer, result from fencepost.finished_jobs where queue = $1 order by id'
  return (await admin.query<{ id: number; result: unknown }>(text, [queue])).rows
}
const pass = async (queue: string, time: string) =>
  await admin.query('update fencepost.finished_jobs set expires_at = expires_at - $2::interval where queue = $1', [
    queue,
    time,
  ])

test('a job is kept with its result for as long as it says, and without a word not at all', async () => {
  await insertJobs(admin, { queue: 'kept' })
  const [id] = await insertJobs(admin, { queue: 'kept', keep: '1 h' })
  await worker.finish(await worker.claim(['kept'], 0, 10), ['forgotten', { sum: 5 }])
  expect(await kept('kept')).toEqual([{ id, result: { sum: 5 } }])
  expect(await sweep(10)).toBe(0)
  await pass('kept', '1 h')
  expect(await sweep(10)).toBe(1)
  expect(await kept('kept')).toEqual([])
})

test('what a child returned is kept while its parent is there, live or dead, and not longer', async () => {
  const flow = { queue: 'family', name: 'parent', children: [{ queue: 'family', name: 'child' }] }
  const { rows } = await admin.query('select fencepost.enqueue_flow($1) as ids', [JSON.stringify(flow)])
  const [parent, child] = (rows[0] as { ids: string[] }).ids.map(Number)
  await worker.finish(await worker.claim(['family'], 0, 10), ['result'])
  await sweep(10)
  expect(await kept('family')).toEqual([{ id: child, result: 'result' }])
  await pass('family', '2 h')
  await sweep(10)
  expect(await kept('family')).toEqual([{ id: child, result: 'result' }])
  const claimed = await worker.claim(['family'], 0, 10)
  expect(claimed.map(({ id }) => id)).toEqual([parent])
  await worker.finish(claimed)
  await pass('family', '2 h')
  await sweep(10)
  expect(await kept('family')).toEqual([])
})

test('a sweep removes a few of each: finished jobs, windows, beginnings, and logs of jobs that are gone', async () => {
  const live = await insertJobs(admin, { queue: 'live', count: 30 })
  await admin.query(
    `insert into fencepost.job_logs (job, attempt, line)
    select job, 1, 'line' from unnest($1::bigint[]) as job, generate_series(1, 3)`,
    [live],
  )
  await admin.query(`insert into fencepost.job_logs (job, attempt, line)
    select n, 1, 'line' from generate_series(100001, 100040) as n`)
  await admin.query(`insert into fencepost.job_windows (name, key, until, job)
    select 'job', n::text, now() + case when n > 40 then 1 else -1 end * interval '1 h', n from generate_series(1, 60) as n`)
  await admin.query(`insert into fencepost.job_starts (scope, name, group_key, begun_at, jobs, expires_at)
    select 'job', 'x', '', now(), 1, now() + case when n > 40 then 1 else -1 end * interval '1 h' from generate_series(1, 60) as n`)
  await admin.query(`insert into fencepost.finished_jobs (id, queue, name, state, priority, payload, enqueued_at, expires_at, attempt, attempts, crashes)
    select 200000 + n, 'old', 'job', 'done', 0, '{}', now(), now() + case when n > 40 then 1 else -1 end * interval '1 h', 1, 5, 0
    from generate_series(1, 60) as n`)
  const counts = async () => {
    const { rows } = await admin.query(`select (select count(*)::integer from fencepost.job_logs) as logs,
      (select count(*)::integer from fencepost.job_windows) as windows, (select count(*)::integer from fencepost.job_starts) as starts,
      (select count(*)::integer from fencepost.finished_jobs where queue = 'old') as finished`)
    return rows[0] as Record<string, number>
  }
  expect(await sweep(10)).toBeLessThanOrEqual(50)
  expect(await counts()).toMatchObject({ windows: 50, starts: 50, finished: 50 })
  for (let sweeps = 0; (await sweep(10)) !== 0 || (await counts())['logs'] !== 90; sweeps++)
    expect(sweeps).toBeLessThan(200)
  expect(await counts()).toEqual({ logs: 90, windows: 20, starts: 20, finished: 20 })
})

test('while the transaction of a sweep is open jobs are claimed and finished, and a sweep waits for nobody', async () => {
  await insertJobs(admin, { queue: 'busy', keep: '1 ms', count: 20 })
  await worker.finish(await worker.claim(['busy'], 0, 10))
  await pass('busy', '1 h')
  const sweeper = await SqlWorker.open(database)
  await sweeper.client.query('begin')
  await sweeper.client.query('select fencepost.sweep_finished_jobs(100)')
  await worker.client.query(`set lock_timeout = '1 s'`)
  const claimed = await worker.claim(['busy'], 10, 10)
  expect(claimed).toHaveLength(10)
  expect(await worker.finish(claimed)).toHaveLength(10)
  // What the other one has locked is passed over.
  expect(await sweep(100)).toBeGreaterThanOrEqual(0)
  await sweeper.client.query('commit')

  await sweeper.client.query('begin; lock table fencepost.finished_jobs')
  expect(await sweep(100)).toBe(0)
  await sweeper.client.query('rollback')
  await sweeper[Symbol.asyncDispose]()
})

test('while claims are under way that nobody has committed yet a sweep removes what it has to', async () => {
  await admin.query(`select fencepost.limit_jobs('job', 'rated', null, 100, '1 h')`)
  await insertJobs(admin, { queue: 'rated', name: 'rated', count: 5 })
  await admin.query(`insert into fencepost.finished_jobs (id, queue, name, state, priority, payload, enqueued_at, expires_at, attempt, attempts, crashes)
    values (300000, 'past', 'job', 'done', 0, '{}', now(), now() - interval '1 h', 1, 5, 0)`)
  await worker.client.query('begin')
  expect(await worker.claim(['rated'], 5)).toHaveLength(5)
  await sweep(100)
  expect(await kept('past')).toEqual([])
  await worker.client.query('commit')
})

test('workers remove what is over, by themselves', async () => {
  await admin.query(`insert into fencepost.finished_jobs (id, queue, name, state, priority, payload, enqueued_at, expires_at, attempt, attempts, crashes)
    select 400000 + n, 'gone', 'job', 'done', 0, '{}', now(), now() - interval '1 h', 1, 5, 0 from generate_series(1, 1200) as n`)
  await using fp = fencepost(database.url)
  await using _ = fp.worker([defineJob({ name: 'any', queue: 'any', run: () => {} })])
  // More than one sweep takes.
  await eventually(async () => (await kept('gone')).length === 0)
})
