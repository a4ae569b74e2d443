import { defineJob, fencepost, type JobContext } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { deferred } from '../support/deferred.ts'
import { eventually } from '../support/eventually.ts'

const database = await cloneDatabase()
const { admin } = database
afterAll(() => database[Symbol.asyncDispose]())

const finished = async (id: number) =>
  (await admin.query('select state, attempt, error, result from fencepost.finished_jobs where id = $1', [id])).rows[0]
const live = async (id: number) =>
  (
    await admin.query(
      'select state, attempt, error, run_at > clock_timestamp() as later from fencepost.jobs where id = $1',
      [id],
    )
  ).rows[0]

test('every job is run once, at most so many at once, and forgotten when it is done', async () => {
  await using fp = fencepost(database.url)
  const seen: number[] = []
  let [running, most] = [0, 0]
  const count = defineJob({
    name: 'count',
    queue: 'count',
    async run(payload: number) {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      running--
      seen.push(payload)
    },
  })
  const all = Array.from({ length: 3000 }, (_, n) => n)
  await fp.enqueueMany(count, all)
  await using worker = fp.worker([count], { concurrency: 7 })
  await worker.idle()
  expect(seen.toSorted((a, b) => a - b)).toEqual(all)
  expect(most).toBe(7)
  expect((await admin.query("select from fencepost.jobs where queue = 'count'")).rowCount).toBe(0)
})

test('a job does not wait behind one with a group that its worker runs, while another worker has time', async () => {
  const quickRan = deferred()
  const slow = defineJob({ name: 'slow', queue: 'beside', run: async () => await quickRan.promise })
  const quick = defineJob({ name: 'quick', queue: 'beside', run: () => quickRan.resolve() })
  await using fp = fencepost(database.url)
  await fp.enqueue(slow, null, { group: 'a' })
  await fp.enqueue(quick, null)
  await using one = fp.worker([slow, quick], { concurrency: 1 })
  await using other = fp.worker([slow, quick], { concurrency: 1 })
  await quickRan.promise
  await Promise.all([one.idle(), other.idle()])
})

test('a job that throws is tried again after its delay, as often as it may be, and is dead then', async () => {
  await using fp = fencepost(database.url)
  const attempts: number[] = []
  const failing = defineJob({
    name: 'failing',
    queue: 'failing',
    retry: { attempts: 3, delay: '20ms' },
    run(_: unknown, job) {
      attempts.push(job.attempt)
      throw new Error(`attempt ${job.attempt}`)
    },
  })
  await using worker = fp.worker([failing])
  const { id } = await fp.enqueue(failing, null)
  const dead = await eventually(async () => await finished(id))
  expect(dead).toMatchObject({ state: 'dead', attempt: 3, error: 'Error: attempt 3' })
  expect(attempts).toEqual([1, 2, 3])
  await worker.idle()
})

test('retry.decide says what becomes of an error: tried again later, or dead at once', async () => {
  await using fp = fencepost(database.url)
  const decided = defineJob({
    name: 'decided',
    queue: 'decided',
    retry: { decide: (error) => ((error as Error).message === 'no use' ? 'dead' : { in: '1h' }) },
    run(message: string) {
      throw new Error(message)
    },
  })
  const [dead, later] = await fp.enqueueMany(decided, ['no use', 'later'])
  await using worker = fp.worker([decided])
  await worker.idle()
  expect(await finished(dead?.id ?? 0)).toMatchObject({ state: 'dead', attempt: 1, error: 'Error: no use' })
  expect(await live(later?.id ?? 0)).toMatchObject({ state: 'delayed', attempt: 1, error: 'Error: later', later: true })
})

test('a payload that no longer fits the schema is dead with the reason, and is not run', async () => {
  await using fp = fencepost(database.url)
  const schema = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value: unknown) => (typeof value === 'number' ? { value } : { issues: [{ message: 'no number' }] }),
      types: undefined as { input: number; output: number } | undefined,
    },
  } as const
  const ran: number[] = []
  const typed = defineJob({ name: 'typed', queue: 'typed', schema, run: (payload) => void ran.push(payload) })
  const { rows } = await admin.query(
    `select unnest(fencepost.enqueue_jobs(name => 'typed', queue => 'typed', payloads => '["x", 1]'))::integer as id`,
  )
  await using worker = fp.worker([typed])
  await worker.idle()
  expect(ran).toEqual([1])
  expect(await finished(rows[0].id)).toMatchObject({
    state: 'dead',
    attempt: 1,
    error: expect.stringContaining('no number'),
  })
})

test('what a job returned is kept if it is asked for, and a snooze does not count as an attempt', async () => {
  await using fp = fencepost(database.url)
  let times = 0
  const kept = defineJob({ name: 'kept', queue: 'kept', keep: '1h', run: (n: number) => ({ n: n + 1 }) })
  const tired = defineJob({
    name: 'tired',
    queue: 'kept',
    keep: '1h',
    run: (_: null, job) => (++times < 3 ? job.snooze('10ms') : job.attempt),
  })
  await using worker = fp.worker([kept, tired])
  const { id } = await fp.enqueue(kept, 1)
  const snoozed = await fp.enqueue(tired, null)
  expect(await eventually(async () => await finished(id))).toMatchObject({ state: 'done', result: { n: 2 } })
  expect(await eventually(async () => await finished(snoozed.id))).toMatchObject({
    state: 'done',
    result: 1,
    attempt: 1,
  })
  await worker.idle()
  expect(times).toBe(3)
})

test('a result that cannot be kept makes the job dead, as it was done and must not be again', async () => {
  await using fp = fencepost(database.url)
  const big = defineJob({ name: 'big', queue: 'big', keep: '1h', run: () => 1n })
  const nul = defineJob({ name: 'nul', queue: 'big', keep: '1h', run: () => 'a\0b' })
  const ids = [(await fp.enqueue(big, null)).id, (await fp.enqueue(nul, null)).id]
  await using worker = fp.worker([big, nul], { onError: () => {} })
  await worker.idle()
  for (const id of ids) {
    expect(await finished(id)).toMatchObject({
      state: 'dead',
      attempt: 1,
      error: expect.stringContaining('cannot be kept'),
    })
  }
})

test('an attempt that takes longer than its timeout fails at once, and its signal says so', async () => {
  await using fp = fencepost(database.url)
  const told = deferred<unknown>()
  const slow = defineJob({
    name: 'slow',
    queue: 'slow',
    timeout: '50ms',
    retry: { attempts: 1 },
    run: async (_: unknown, job) => {
      await new Promise((resolve) => job.signal.addEventListener('abort', resolve))
      told.resolve(job.signal.reason)
      await job.log('too late')
    },
  })
  await using worker = fp.worker([slow])
  const { id } = await fp.enqueue(slow, null)
  expect(await told.promise).toMatchObject({ code: 'JOB_TIMEOUT' })
  await worker.idle()
  expect(await finished(id)).toMatchObject({ state: 'dead', error: expect.stringContaining('within 50 ms') })
  expect((await admin.query('select from fencepost.job_logs where job = $1', [id])).rowCount).toBe(0)
})

for (const listen of [true, false]) {
  test(`a running job that is cancelled is told by its signal, ${listen ? 'at once' : 'also without LISTEN'}`, async () => {
    await using fp = fencepost(database.url)
    const queue = `cancelled-${listen}`
    const [began, told] = [deferred<JobContext>(), deferred<unknown>()]
    const endless = defineJob({
      name: queue,
      queue,
      run: async (_: unknown, job) => {
        began.resolve(job)
        await new Promise((resolve) => job.signal.addEventListener('abort', resolve))
        told.resolve(job.signal.reason)
      },
    })
    await using worker = fp.worker([endless], { listen })
    const { id } = await fp.enqueue(endless, null)
    const { token } = await began.promise
    // As cancel_job does.
    await admin.query(
      `with gone as (delete from fencepost.jobs where id = $1 returning *)
      insert into fencepost.finished_jobs (id, queue, name, state, priority, payload, enqueued_at, attempt, attempts, crashes)
      select id, queue, name, 'cancelled', priority, payload, enqueued_at, attempt, attempts, crashes from gone`,
      [id],
    )
    const { rows } = await admin.query('select session from fencepost.workers where $1 = any (queues)', [queue])
    await admin.query('select pg_notify($1, $2)', [`fencepost:${rows[0].session}`, `job:${id}:${token}`])
    expect(await told.promise).toMatchObject({ code: 'JOB_CANCELLED' })
    await worker.idle()
    expect(await finished(id)).toMatchObject({ state: 'cancelled' })
  })
}

test('jobs of names that a worker does not know are left for others, in the same queue', async () => {
  await using fp = fencepost(database.url)
  const [known, unknown] = [
    defineJob({ name: 'known', queue: 'shared', run: () => {} }),
    defineJob({ name: 'unknown', queue: 'shared', run: () => {} }),
  ]
  const { id } = await fp.enqueue(unknown, null)
  await fp.enqueue(known, null)
  await using worker = fp.worker([known])
  await worker.idle()
  expect(await live(id)).toMatchObject({ state: 'ready', attempt: 0 })
  await using other = fp.worker([unknown])
  await other.idle()
  expect(await live(id)).toBeUndefined()
})

test('a worker that stops gives back what it has not begun as if it had not been, and what is not done after grace', async () => {
  await using fp = fencepost(database.url)
  const [began, signal] = [deferred<AbortSignal>(), new AbortController()]
  const stuck = defineJob({
    name: 'stuck',
    queue: 'stuck',
    run: async (_: unknown, job) => {
      began.resolve(job.signal)
      await new Promise((resolve) => signal.signal.addEventListener('abort', resolve))
    },
  })
  await fp.enqueueMany(stuck, [1, 2, 3])
  const worker = fp.worker([stuck], { concurrency: 1 })
  const told = await began.promise
  await worker.stop({ grace: '50ms' })
  expect(told.reason).toMatchObject({ code: 'WORKER_STOPPED' })
  const { rows } = await admin.query(
    "select state, attempt, crashes, session from fencepost.jobs where queue = 'stuck' order by id",
  )
  expect(rows.map(({ state, attempt, crashes, session }) => [state, attempt, crashes, session])).toEqual([
    ['ready', 1, 0, null],
    ['ready', 0, 0, null],
    ['ready', 0, 0, null],
  ])
  expect((await admin.query("select from fencepost.workers where 'stuck' = any (queues)")).rowCount).toBe(0)
  signal.abort()
})

test('stop waits for what runs, and closing the instance stops its workers', async () => {
  const fp = fencepost(database.url)
  const [began, go] = [deferred(), deferred()]
  let isDone = false
  const slow = defineJob({
    name: 'graceful',
    queue: 'graceful',
    run: async () => {
      began.resolve()
      await go.promise
      isDone = true
    },
  })
  const { id } = await fp.enqueue(slow, null)
  const worker = fp.worker([slow])
  await began.promise
  const closed = fp.close()
  expect(worker.signal.aborted).toBe(true)
  go.resolve()
  await closed
  expect(isDone).toBe(true)
  expect(await live(id)).toBeUndefined()
})
