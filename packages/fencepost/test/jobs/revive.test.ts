import { defineJob, fencepost } from 'fencepost'
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
  const [one, two] = await Promise.all([fp.jobs.redrive(), fp.jobs.redrive()])
  expect(one + two).toBe(200)
  expect(await fp.jobs.list({ limit: 1000, state: 'ready' })).toHaveLength(200)
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
