import { defineJob, fencepost, type JobCount } from 'fencepost'
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

test('jobs: retry runs a delayed one now, and a dead, cancelled or kept one anew with all its attempts', async () => {
  await using worker = await SqlWorker.open(database.url, 'default')
  const { id } = await fp.enqueue(mail, { to: 1 }, { delay: '1h', keep: '1h' })
  expect(await worker.claim()).toEqual([])
  expect(await fp.jobs.retry(id)).toBe(true)
  // It waits to be claimed: there is nothing to retry.
  expect(await fp.jobs.retry(id)).toBe(false)
  for (let attempt = 1; attempt <= 3; attempt++) {
    const [job] = await worker.claim()
    if (job === undefined) throw new Error('it was not claimed')
    expect(job).toMatchObject({ id, attempt })
    await worker.fail(job, `no ${attempt}`, attempt === 3 ? null : 0)
  }
  expect(await fp.jobs.get(id)).toMatchObject({ state: 'dead', attempt: 3, error: 'no 3' })
  expect(await fp.jobs.retry(id)).toBe(true)
  expect(await fp.jobs.get(id)).toMatchObject({
    state: 'ready',
    attempt: 0,
    crashes: 0,
    error: null,
    payload: { to: 1 },
  })
  expect(await fp.jobs.cancel(id)).toBe(true)
  expect(await fp.jobs.get(id)).toMatchObject({ state: 'cancelled', expiresAt: expect.any(Date) })
  expect(await fp.jobs.cancel(id)).toBe(false)
  expect(await fp.jobs.retry(id)).toBe(true)
  expect(await worker.claim()).toMatchObject([{ id, attempt: 1 }])
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

test('jobs: redrive has dead jobs of a queue or a name begin anew, the oldest first, and others stay dead', async () => {
  await using worker = await SqlWorker.open(database.url, 'default', 'slow')
  const mails = await fp.enqueueMany(mail, [{ to: 1 }, { to: 2 }, { to: 3 }])
  await fp.enqueue(report, null)
  for (const job of await worker.claim()) await worker.fail(job, 'no')
  expect(await fp.jobs.redrive({ name: 'mail', limit: 2 })).toBe(2)
  expect((await fp.jobs.list({ state: 'ready' })).map(({ id }) => id)).toEqual([mails[1]?.id, mails[0]?.id])
  await using other = fencepost(database.url, { namespace: 'other' })
  expect(await other.jobs.redrive()).toBe(0)
  expect(await fp.jobs.redrive({ queue: 'slow' })).toBe(1)
  expect((await fp.jobs.list({ state: 'dead' })).map(({ id }) => id)).toEqual([mails[2]?.id])
})

test('jobs: a finished job whose key another one has by now comes back with neither retry nor redrive', async () => {
  await using worker = await SqlWorker.open(database.url, 'default')
  const dead: number[] = []
  for (let i = 0; i < 2; i++) {
    dead.push((await fp.enqueue(mail, { to: i }, { key: 'k' })).id)
    for (const job of await worker.claim()) await worker.fail(job, 'no')
  }
  // Of the two that are dead one may come back.
  expect(await fp.jobs.redrive()).toBe(1)
  expect(await fp.jobs.get(dead[0] ?? 0)).toMatchObject({ state: 'ready', key: 'k' })
  expect(await fp.jobs.redrive()).toBe(0)
  expect(await fp.jobs.retry(dead[1] ?? 0)).toBe(false)
  expect(await fp.enqueue(mail, { to: 9 }, { key: 'k' })).toEqual({ id: dead[0], isNew: false })
})

test('jobs: two who redrive at once bring each job back once', async () => {
  await fp.enqueueMany(
    mail,
    Array.from({ length: 200 }, (_, to) => ({ to })),
  )
  await using worker = await SqlWorker.open(database.url, 'default')
  for (const job of await worker.claim(500)) await worker.fail(job, 'no')
  const [one = 0, two = 0] = await Promise.all([fp.jobs.redrive(), fp.jobs.redrive()])
  expect(one + two).toBe(200)
  expect(await fp.jobs.list({ limit: 1000, state: 'ready' })).toHaveLength(200)
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
  const of = ({ queue, name, state, jobs }: JobCount) => `${queue} ${name} ${state} ${jobs}`
  expect(counts.map(of).toSorted()).toEqual([
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
  expect((await other.jobs.counts()).map(of)).toEqual(['default mail ready 1'])
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

test('jobs: a parent waits no more for a child that is cancelled, and again for one that is retried; a dead one is waited for', async () => {
  await database.admin.query(`
    insert into fencepost.jobs (queue, name, state, payload, run_at, children) values ('default', 'mail', 'waiting', '0', now(), 2);
    insert into fencepost.jobs (queue, name, state, payload, run_at, parent)
    select 'slow', 'mail', 'ready', n::text::jsonb, now(), (select id from fencepost.jobs) from generate_series(1, 2) n`)
  const [two, one, parent] = (await fp.jobs.list()).map(({ id }) => id) as [number, number, number]
  await fp.jobs.cancel(one)
  expect(await fp.jobs.get(parent)).toMatchObject({ state: 'waiting', children: 1 })
  expect(await fp.jobs.retry(one)).toBe(true)
  expect(await fp.jobs.get(parent)).toMatchObject({ state: 'waiting', children: 2 })
  await using worker = await SqlWorker.open(database.url, 'slow')
  for (const job of await worker.claim()) await worker.fail(job, 'no')
  expect(await fp.jobs.get(parent)).toMatchObject({ state: 'waiting', children: 2 })
  expect(await fp.jobs.redrive()).toBe(2)
  await fp.jobs.cancel(one)
  await fp.jobs.cancel(two)
  expect(await fp.jobs.get(parent)).toMatchObject({ state: 'ready', children: 0 })
  // Its parent is on its way without it.
  expect(await fp.jobs.retry(two)).toBe(true)
  expect(await fp.jobs.get(two)).toMatchObject({ state: 'ready', parent: null })
  expect(await fp.jobs.cancel(two)).toBe(true)
  expect(await fp.jobs.get(parent)).toMatchObject({ state: 'ready', children: 0 })
})

test('jobs: a cancelled parent that is retried waits for its children that are not done', async () => {
  await database.admin.query(`
    insert into fencepost.jobs (queue, name, state, payload, run_at, children) values ('default', 'mail', 'waiting', '0', now(), 2);
    insert into fencepost.jobs (queue, name, state, payload, run_at, parent)
    select 'slow', 'mail', 'ready', n::text::jsonb, now(), (select id from fencepost.jobs) from generate_series(1, 2) n`)
  const [two, one, parent] = (await fp.jobs.list()).map(({ id }) => id) as [number, number, number]
  await fp.jobs.cancel(parent)
  await fp.jobs.cancel(one)
  expect(await fp.jobs.retry(parent)).toBe(true)
  expect(await fp.jobs.get(parent)).toMatchObject({ state: 'waiting', children: 1 })
  await fp.jobs.cancel(two)
  expect(await fp.jobs.get(parent)).toMatchObject({ state: 'ready' })
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
