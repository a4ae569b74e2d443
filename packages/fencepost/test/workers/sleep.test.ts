import { defineJob, fencepost } from 'fencepost'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'

const database = await cloneDatabase()
const { admin } = database
afterAll(() => database[Symbol.asyncDispose]())

for (const listen of [true, false]) {
  test(`a job that is enqueued while its worker sleeps is begun ${listen ? 'at once' : 'within seconds without LISTEN'}`, async () => {
    await using fp = fencepost(database.url)
    const queue = `wake-${listen}`
    const begun: number[] = []
    const quick = defineJob({ name: queue, queue, run: () => void begun.push(performance.now()) })
    await using worker = fp.worker([quick], { listen })
    const tookMs: number[] = []
    for (let i = 0; i < (listen ? 20 : 3); i++) {
      await worker.idle()
      await untilAsleep(queue, listen)
      const began = performance.now()
      await fp.enqueue(quick, i)
      await eventually(async () => begun.length === i + 1)
      tookMs.push((begun[i] ?? 0) - began)
    }
    const median = tookMs.toSorted((a, b) => a - b)[tookMs.length >> 1] ?? Number.NaN
    console.log(`listen ${listen}: begun ${median.toFixed(1)} ms after the call to enqueue (median)`)
    expect(median).toBeLessThan(listen ? 300 : 5000)
    const { rows } = await admin.query(
      "select from pg_stat_activity where datname = current_database() and query like 'listen %'",
    )
    if (!listen) expect(rows).toEqual([])
  }, 30_000)
}

test('H25: an enqueuer whose transaction began before the worker slept, and commits after, wakes it or is found', async () => {
  await using fp = fencepost(database.url)
  let begun = 0
  const late = defineJob({ name: 'late', queue: 'late', run: () => void begun++ })
  await using worker = fp.worker([late])
  await worker.idle()
  const client = new pg.Client(database.url)
  await client.connect()
  for (let i = 0; i < 10; i++) {
    await client.query('begin')
    // The worker runs another job meanwhile, and lies down again.
    await fp.enqueue(late, i)
    await client.query("select fencepost.enqueue_jobs(name => 'late', queue => 'late', payloads => '[1]')")
    await worker.idle()
    const began = performance.now()
    await client.query('commit')
    await eventually(async () => begun === 2 * (i + 1))
    expect(performance.now() - began).toBeLessThan(3000)
  }
  await client.end()
}, 30_000)

test('a delayed job is begun when its time has come, though the worker sleeps', async () => {
  await using fp = fencepost(database.url)
  const lateMs: number[] = []
  let dueAt = 0
  const later = defineJob({ name: 'later', queue: 'later', run: () => void lateMs.push(performance.now() - dueAt) })
  await using worker = fp.worker([later])
  await worker.idle()
  for (let i = 0; i < 3; i++) {
    dueAt = performance.now() + 700
    await fp.enqueue(later, i, { delay: '700ms' })
    await eventually(async () => lateMs.length === i + 1)
  }
  console.log(`begun ${lateMs.map((ms) => ms.toFixed(0)).join(', ')} ms after they were due`)
  expect(Math.min(...lateMs)).toBeGreaterThan(-5)
  expect(lateMs.toSorted((a, b) => a - b)[1]).toBeLessThan(1000)
}, 30_000)

test('a worker with nothing to do asks once in 5 s, and nothing else', async () => {
  await using fp = fencepost(database.url)
  const noop = defineJob({ name: 'idle', queue: 'idle', run: () => {} })
  await using worker = fp.worker([noop])
  await worker.idle()
  await untilAsleep('idle', true)
  // Until it is no longer just awake.
  await new Promise((resolve) => setTimeout(resolve, 4000))
  const times = new Set<string>()
  for (const end = performance.now() + 11_000; performance.now() < end;) {
    times.add(await asked())
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  // The one it was found with, and two or three of 11 s.
  console.log(`${times.size - 1} statements in 11 s`)
  expect(times.size - 1).toBeLessThanOrEqual(3)
  expect(times.size - 1).toBeGreaterThan(0)
}, 30_000)

/** Or, without LISTEN, listed as a worker. */
async function untilAsleep(queue: string, listens: boolean): Promise<void> {
  const sign = `select from pg_locks where locktype = 'advisory' and granted
    and (classid::bigint << 32) | objid::bigint = fencepost.job_key('sleepers', $1)`
  const listed = 'select from fencepost.workers where $1 = any (queues)'
  await eventually(async () => (await admin.query(listens ? sign : listed, [queue])).rowCount)
}

/** When the session of the worker began its last statement. */
async function asked(): Promise<string> {
  const { rows } = await admin.query(
    `select activity.query_start from pg_stat_activity as activity
    join pg_locks using (pid) join fencepost.workers as worker on worker.session = (classid::bigint << 32) | objid::bigint
    where locktype = 'advisory' and objsubid = 1 and 'idle' = any (worker.queues)`,
  )
  return rows.map(({ query_start }) => Number(query_start)).join()
}

test('a statement that is cancelled while it enqueues leaves no sign behind that would keep workers from lying down', async () => {
  const client = new pg.Client(database.url)
  await client.connect()
  const { pid } = (await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0] ?? { pid: 0 }
  for (let i = 0; i < 60; i++) {
    const ringing = client
      .query("do $$ begin for i in 1 .. 1000000 loop perform fencepost.ring_workers('cut'); end loop; end $$")
      .catch(() => {})
    await new Promise((resolve) => setTimeout(resolve, 4 + Math.random() * 4))
    await admin.query('select pg_cancel_backend($1)', [pid])
    await ringing
    // The transaction is over when this is answered.
    await client.query('select')
    const { rows } = await admin.query("select mode from pg_locks where locktype = 'advisory' and pid = $1", [pid])
    expect(rows).toEqual([])
  }
  await client.end()
}, 30_000)

test('H25: an enqueuer that commits in the middle of the look of a worker that lies down is found, or announced', async () => {
  await using own = await cloneDatabase()
  const [sleeper, enqueuer] = [new pg.Client(own.url), new pg.Client(own.url)]
  await sleeper.connect()
  await enqueuer.connect()
  // The second queue takes its time, once before anything is claimed and once behind the claim of the first queue.
  await own.admin.query(`
    create or replace function fencepost.is_limited_queue(queue text) returns boolean language plpgsql as $$
    begin perform pg_sleep(case when is_limited_queue.queue = 'second' then 0.4 else 0 end); return false; end $$`)
  const { rows } = await sleeper.query<{ session: string }>("select fencepost.open_worker('{first,second}') as session")
  await enqueuer.query('begin')
  await enqueuer.query("select fencepost.enqueue('job', queue => 'first')")
  const looking = sleeper.query<{ found: string }>(
    "select fencepost.look_for_jobs($1, '{first,second}', 1, 1, null, true) as found",
    [rows[0]?.session],
  )
  await new Promise((resolve) => setTimeout(resolve, 600))
  await enqueuer.query('commit')
  const { jobs, outlook } = JSON.parse((await looking).rows[0]?.found ?? '') as {
    jobs: unknown[]
    outlook: { isEnqueuing: boolean }
  }
  expect(jobs.length === 1 || outlook.isEnqueuing).toBe(true)
  await sleeper.end()
  await enqueuer.end()
}, 20_000)
