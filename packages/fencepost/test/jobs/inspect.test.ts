import { defineJob, fencepost, type JobCount } from 'fencepost'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
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

test('P10: a job that is queued, delayed, running or dead is told with its holder, attempt, token, payload and times', async () => {
  const queued = await fp.enqueue(mail, { to: 1 }, { key: 'a', group: 'g', priority: 3 })
  expect(await fp.jobs.get(queued.id)).toMatchObject({
    id: queued.id,
    queue: 'default',
    name: 'mail',
    state: 'ready',
    priority: 3,
    attempt: 0,
    attempts: 5,
    token: null,
    holder: null,
    key: 'a',
    group: 'g',
    enqueuedAt: expect.any(Date),
    runAt: expect.any(Date),
    claimedAt: null,
    payload: { to: 1 },
  })
  const delayed = await fp.enqueue(mail, { to: 2 }, { delay: '1h' })
  expect(await fp.jobs.get(delayed.id)).toMatchObject({ state: 'delayed' })

  const slow = await fp.enqueue(report, null)
  await using worker = await SqlWorker.open(database.url, 'slow')
  const [claimed] = await worker.claim()
  if (claimed === undefined) throw new Error('it was not claimed')
  const holder = { application: 'sql-worker', host: 'somewhere', process: 7 }
  const running = { id: slow.id, state: 'running', attempt: 1, token: claimed.token, holder }
  expect(await fp.jobs.list({ state: 'running' })).toMatchObject([running])
  const { rows } = await database.admin.query(
    `select id::float8, name, state, application, host, process, attempt, token::float8, age > interval '0' as is_old
    from fencepost.job_list where state = 'running'`,
  )
  const { holder: _, ...flat } = running
  expect(rows).toEqual([{ ...flat, ...holder, name: 'report', is_old: true }])

  await worker.fail(claimed, 'out of paper')
  expect(await fp.jobs.get(slow.id)).toMatchObject({
    state: 'dead',
    error: 'out of paper',
    finishedAt: expect.any(Date),
  })
  expect((await fp.jobs.list()).map(({ id }) => id)).toEqual([slow.id, delayed.id, queued.id])
  expect((await fp.jobs.list({ limit: 1, before: slow.id })).map(({ id }) => id)).toEqual([delayed.id])
  expect(await fp.jobs.list({ name: 'mail', queue: 'slow' })).toEqual([])
})

test('jobs: counts are by queue, name and state, of this namespace, with the age of the oldest', async () => {
  await using other = fencepost(database.url, { namespace: 'other' })
  await other.enqueue(mail, { to: 1 })
  await fp.enqueueMany(mail, [{ to: 1 }, { to: 2 }, { to: 3 }])
  await fp.enqueue(mail, { to: 4 }, { delay: '1h' })
  await fp.enqueue(report, null, { group: 'careful' })
  await using worker = await SqlWorker.open(database.url, 'default')
  await worker.claim(1)
  const counts = await fp.jobs.counts()
  expect(counts.map(brief).toSorted()).toEqual([
    'default mail delayed 1',
    'default mail ready 2',
    'default mail running 1',
    'slow report ready 1',
  ])
  for (const count of counts) {
    expect(count.isEstimate).toBe(false)
    expect(count.oldestAgeMs > 0).toBe(count.state !== 'delayed')
    expect(count.oldestAt).toBeInstanceOf(Date)
  }
  expect((await other.jobs.counts()).map(brief)).toEqual(['default mail ready 1'])
})

test('jobs: beyond some thousands counts are an estimate and say so, and few among many are counted all the same', async () => {
  await database.admin.query(`
    insert into fencepost.jobs (queue, name, state, payload, run_at)
    select 'bulk', 'row', 'ready', '{}', now() from generate_series(1, 60000)`)
  await fp.enqueueMany(mail, [{ to: 1 }, { to: 2 }, { to: 3 }])
  const counts = await fp.jobs.counts()
  expect(counts).toContainEqual(expect.objectContaining({ name: 'mail', jobs: 3, isEstimate: false }))
  const bulk = counts.find(({ name }) => name === 'row')
  expect(bulk).toMatchObject({ queue: 'bulk', state: 'ready', isEstimate: true })
  expect(bulk?.jobs).toBeGreaterThan(40_000)
  expect(bulk?.jobs).toBeLessThan(80_000)
})

test('jobs: logs are told in order, the last ones where there are more', async () => {
  const { id } = await fp.enqueue(mail, { to: 1 })
  await database.admin.query(
    `insert into fencepost.job_logs (job, attempt, line) select $1, 1, 'line ' || i from generate_series(1, 5) i`,
    [id],
  )
  expect((await fp.jobs.logs(id, { limit: 2 })).map(({ line }) => line)).toEqual(['line 4', 'line 5'])
  expect(await fp.jobs.logs(id)).toHaveLength(5)
})

function brief({ queue, name, state, jobs }: JobCount): string {
  return `${queue} ${name} ${state} ${jobs}`
}
