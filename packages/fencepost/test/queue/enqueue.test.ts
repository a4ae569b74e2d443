import {
  defineJob,
  EnqueueUncertainError,
  fencepost,
  JobPayloadError,
  NotInTransactionError,
  StaleTokenError,
} from 'fencepost'
import { Client, Pool } from 'pg'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { jobsOf } from './jobs.ts'

const database = await cloneDatabase()
const { admin } = database
afterAll(() => database[Symbol.asyncDispose]())

const run = () => {}
const kind = (name: string) => defineJob({ name, run })

test.each<[why: string, options: object, says: RegExp]>([
  ['an unknown option', { after: '5s' }, /enqueue has no option 'after'; there are tx, delay/],
  ['a delay and an instant', { delay: '5s', runAt: new Date() }, /delay and runAt exclude each other/],
  ['a delay without a unit', { delay: 5 }, /delay must be a duration/],
  ['an instant that is none', { runAt: new Date('soon') }, /runAt must be a valid Date/],
  ['a priority that is no number', { priority: 'high' }, /priority must be a whole number/],
  ['an empty key', { key: '' }, /the key of a job must have 1 to 1024 bytes/],
  ['a key that is no text', { key: 42 }, /the key of a job must be a string/],
  ['a group that is too long', { group: 'x'.repeat(513) }, /the group of a job must have 1 to 512 bytes/],
  ['a policy and no key', { onDuplicate: 'replace' }, /onDuplicate: 'replace' needs a key/],
  ['a window and no key', { window: '1m' }, /window needs a key/],
  ['an unknown policy', { key: 'a', onDuplicate: 'queue' }, /onDuplicate must be one of 'skip', 'replace', 'debounce'/],
  ['debounce and no delay', { key: 'a', onDuplicate: 'debounce' }, /needs a delay/],
  ['a window for a policy it is not for', { key: 'a', onDuplicate: 'replace', window: '1m' }, /window is for/],
  ['a pool for tx', { tx: new Pool() }, /it got a pool/],
  ['a word for tx', { tx: 'yes' }, /an open transaction of one of these is needed/],
])('P7: to enqueue with %s is a TypeError, before anything is sent', async (_, options, says) => {
  await using fp = fencepost('postgres://nobody@127.0.0.1:1/none')
  const call = fp.enqueue(kind('a'), {}, options)
  await expect(call).rejects.toThrow(TypeError)
  await expect(call).rejects.toThrow(says)
})

test('what a job is defined and enqueued with is in its row', async () => {
  await using fp = fencepost(database.url)
  const definition = {
    name: 'full',
    queue: 'mail',
    priority: 3,
    keep: '1d',
    retry: { attempts: 7 },
    concurrency: 2,
    run,
  } as const
  const full = defineJob(definition)
  const { id } = await fp.enqueue(full, { n: 1 })
  await fp.enqueue(full, { n: 2 }, { priority: -4, keep: '2h', group: 'g', delay: '1h' })
  const [first, second] = await jobsOf(admin, 'full')
  // Its definition has a limit, so it is not claimed without a look at others.
  expect(first).toMatchObject({
    id,
    queue: 'mail',
    priority: 3,
    attempts: 7,
    state: 'ready',
    is_plain: false,
    keep: { hours: 24 },
  })
  expect(second).toMatchObject({ priority: -4, state: 'delayed', group_key: 'g', is_plain: false, keep: { hours: 2 } })
  expect(Number(second?.run_at) - Number(second?.enqueued_at)).toBe(3_600_000)
})

test('a job that is due at an instant waits for it, and one that was due is ready', async () => {
  await using fp = fencepost(database.url)
  const runAt = new Date('2100-01-01T00:00:00Z')
  await fp.enqueue(kind('at'), {}, { runAt })
  await fp.enqueue(kind('at'), {}, { runAt: new Date(0) })
  expect(await jobsOf(admin, 'at')).toMatchObject([{ state: 'delayed', run_at: runAt }, { state: 'ready' }])
})

test('a job of a name that has a limit is not plain, whoever enqueues it', async () => {
  await using fp = fencepost(database.url)
  await fp.enqueue(kind('limited'), {})
  await admin.query(`insert into fencepost.job_limits (scope, name, concurrency) values ('job', 'limited', 1)`)
  await fp.enqueue(kind('limited'), {})
  expect(await jobsOf(admin, 'limited')).toMatchObject([{ is_plain: true }, { is_plain: false }])
})

test('queues of another namespace are other queues', async () => {
  await using fp = fencepost(database.url, { namespace: 'shop' })
  await fp.enqueue(defineJob({ name: 'spaced', queue: 'mail', run }), {})
  expect(await jobsOf(admin, 'spaced')).toMatchObject([{ queue: 'shop:mail' }])
})

test('jobs of one tick, of several kinds, are enqueued in few statements, and each call gets its own id', async () => {
  await using fp = fencepost(database.url)
  await fp.enqueue(kind('warm'), {})
  const [one, other] = [kind('tick one'), kind('tick other')]
  const ids = await Promise.all(
    Array.from({ length: 200 }, (_, n) =>
      fp.enqueue(n % 2 === 0 ? one : other, { n }, n % 4 === 0 ? { priority: 1 } : {}),
    ),
  )
  expect(new Set(ids.map(({ id }) => id)).size).toBe(200)
  const rows = [...(await jobsOf(admin, 'tick one')), ...(await jobsOf(admin, 'tick other'))]
  for (const [n, { id }] of ids.entries()) {
    expect(rows.find((row) => row.id === id)?.payload).toEqual({ n })
  }
  const transactions = await admin.query(`select distinct xmin::text from fencepost.jobs where name like 'tick %'`)
  expect(transactions.rowCount).toBeLessThanOrEqual(3)
})

test('enqueueMany keeps the order of its payloads, over several statements', async () => {
  await using fp = fencepost(database.url)
  const enqueued = await fp.enqueueMany(
    kind('many'),
    Array.from({ length: 2500 }, (_, n) => ({ n })),
  )
  const rows = await jobsOf(admin, 'many')
  expect(rows.map(({ id }) => id)).toEqual(enqueued.map(({ id }) => id))
  expect(rows.map(({ payload }) => (payload as { n: number }).n)).toEqual(Array.from({ length: 2500 }, (_, n) => n))
  expect(await fp.enqueueMany(kind('many'), [])).toEqual([])
})

test('a payload that only the server refuses fails its own call, and none of the others of the tick', async () => {
  await using fp = fencepost(database.url)
  await admin.query(`alter system set max_stack_depth = '100kB'`)
  await admin.query('select pg_reload_conf()')
  try {
    // Deeper than the stack of a backend is then, not than ours.
    const nested = JSON.parse(`${'['.repeat(2000)}${']'.repeat(2000)}`) as unknown
    const calls = [{ n: 1 }, nested, { n: 2 }].map((payload) => fp.enqueue(kind('mixed'), payload))
    const [first, second, third] = await Promise.allSettled(calls)
    expect([first?.status, third?.status]).toEqual(['fulfilled', 'fulfilled'])
    expect(second).toMatchObject({ status: 'rejected', reason: expect.any(JobPayloadError) })
    expect(await jobsOf(admin, 'mixed')).toMatchObject([{ payload: { n: 1 } }, { payload: { n: 2 } }])
  } finally {
    await admin.query('alter system reset max_stack_depth')
    await admin.query('select pg_reload_conf()')
  }
})

test('P9: a job enqueued in a transaction is seen by nobody before it commits, and never if it rolls back', async () => {
  await using fp = fencepost(database.url)
  const client = await admin.connect()
  for (const end of ['rollback', 'commit']) {
    await client.query('begin')
    const { id, isNew } = await fp.enqueue(kind(end), { end }, { tx: client })
    const many = await fp.enqueueMany(kind(end), [{ n: 1 }, { n: 2 }], { tx: client })
    expect([isNew, many.length]).toEqual([true, 2])
    expect(await jobsOf(admin, end)).toEqual([])
    await client.query(end)
    const ids = end === 'commit' ? [id, ...many.map((one) => one.id)] : []
    expect((await jobsOf(admin, end)).map((row) => row.id)).toEqual(ids)
  }
  client.release()
})

test('P9: a job enqueued in a transaction whose client is killed does not exist', async () => {
  await using fp = fencepost(database.url)
  const client = new Client(database.url)
  client.on('error', () => {})
  await client.connect()
  await client.query('begin')
  await fp.enqueue(kind('killed'), {}, { tx: client })
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  await admin.query('select pg_terminate_backend($1)', [rows[0]?.pid])
  await eventually(
    async () => (await admin.query('select from pg_stat_activity where pid = $1', [rows[0]?.pid])).rowCount === 0,
  )
  expect(await jobsOf(admin, 'killed')).toEqual([])
})

test('P9: outside of a transaction tx is refused, and nothing is enqueued', async () => {
  await using fp = fencepost(database.url)
  const client = await admin.connect()
  await expect(fp.enqueue(kind('outside'), {}, { tx: client })).rejects.toThrow(NotInTransactionError)
  await expect(fp.enqueueMany(kind('outside'), [{}], { tx: client })).rejects.toThrow(NotInTransactionError)
  client.release()
  expect(await jobsOf(admin, 'outside')).toEqual([])
})

test('a plain job is enqueued in a SERIALIZABLE transaction too', async () => {
  await using fp = fencepost(database.url)
  const client = await admin.connect()
  await client.query('begin isolation level serializable')
  await fp.enqueue(kind('serializable'), {}, { tx: client })
  await client.query('commit')
  client.release()
  expect(await jobsOf(admin, 'serializable')).toHaveLength(1)
})

test('a connection that breaks in the middle says that it is not known, and the next call works', async () => {
  await using fp = fencepost(database.url, { application: 'breaking' })
  await fp.enqueue(kind('broken'), {})
  // What is sent stands before a locked table.
  const client = await admin.connect()
  await client.query('begin')
  await client.query('lock table fencepost.jobs in exclusive mode')
  const uncertain = fp.enqueue(kind('broken'), {}).catch((error: unknown) => error)
  const blocked = `select pg_terminate_backend(pid) from pg_stat_activity
    where application_name like 'breaking%' and datname = current_database() and wait_event_type = 'Lock'`
  await eventually(async () => (await admin.query(blocked)).rowCount)
  expect(await uncertain).toBeInstanceOf(EnqueueUncertainError)
  await client.query('rollback')
  client.release()
  await fp.enqueue(kind('broken'), {})
  expect(await jobsOf(admin, 'broken')).toHaveLength(2)
})

test('after close nothing is enqueued', async () => {
  const fp = fencepost(database.url)
  await fp.enqueue(kind('closed'), {})
  await fp.close()
  await expect(fp.enqueue(kind('closed'), {})).rejects.toMatchObject({ code: 'CLOSED' })
})

test('in a schema of another name jobs are enqueued alone, by key and in a transaction', async () => {
  await using fp = fencepost(database.url, { schema: 'elsewhere', namespace: 'shop' })
  await fp.enqueue(kind('named'), {}, { key: 'a', window: '1m' })
  const client = await admin.connect()
  await client.query('begin')
  await fp.enqueue(kind('named'), {}, { key: 'b', tx: client })
  await fp.enqueueMany(kind('named'), [{}, {}], { tx: client })
  await client.query('commit')
  client.release()
  expect((await admin.query(`select from elsewhere.jobs where queue = 'shop:default'`)).rowCount).toBe(4)
  expect(await jobsOf(admin, 'named')).toEqual([])
})

test('P9: a transaction may be the first thing an instance is used for', async () => {
  await using fp = fencepost(database.url)
  const client = await admin.connect()
  await client.query('begin')
  await fp.enqueue(kind('first'), {}, { tx: client })
  await client.query('commit')
  client.release()
  expect(await jobsOf(admin, 'first')).toHaveLength(1)
})

test('P9: a job enqueued in a guarded transaction is committed with it, and is gone when the guard refuses the commit', async () => {
  await using fp = fencepost(database.url)
  const lock = await fp.lock('guarded')
  await lock.transaction(async (tx) => await fp.enqueue(kind('guarded'), { n: 1 }, { tx, key: 'a' }))
  const late = lock.transaction(async (tx) => {
    await fp.enqueue(kind('guarded'), { n: 2 }, { tx })
    await admin.query('select pg_terminate_backend(backend, 5000) from fencepost.who($1)', ['guarded'])
    await eventually(async () => lock.signal.aborted)
  })
  await expect(late).rejects.toThrow(StaleTokenError)
  expect(await jobsOf(admin, 'guarded')).toMatchObject([{ payload: { n: 1 } }])
})
