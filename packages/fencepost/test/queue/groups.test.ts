import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { insertJobs } from './insert-jobs.ts'
import { mostAtOnce, orderInGroups, record } from './run-history.ts'
import { openWorkers, SqlWorker } from './sql-worker.ts'

const database = await cloneDatabase()
const { admin } = database
const workers = await openWorkers(database, 12)
const [first, second] = workers as [SqlWorker, SqlWorker]
afterAll(async () => {
  await Promise.all(workers.map((worker) => worker[Symbol.asyncDispose]()))
  await database[Symbol.asyncDispose]()
})

const leftOrRight = (worker: number) => (worker % 2 === 0 ? ['left', 'right'] : ['right', 'left'])
const idsOf = (jobs: readonly { id: number }[]) => jobs.map(({ id }) => id)

test('jobs of a group run one at a time and in order, while twelve workers claim at once, and plain ones run beside them', async () => {
  for (let round = 0; round < 40; round++) {
    for (const group of ['a', 'b', 'c', 'd', 'e']) await insertJobs(admin, { queue: 'order', group, count: 2 })
    await insertJobs(admin, { queue: 'order', count: 5 })
  }
  const history = await record(workers, { queues: ['order'], runs: 600 })
  expect(history).toHaveLength(600)
  expect(new Set(idsOf(history)).size).toBe(600)
  expect([...mostAtOnce(history, (run) => run.group)]).toEqual(['a', 'b', 'c', 'd', 'e'].map((group) => [group, 1]))
  const orders = [...orderInGroups(history).values()]
  for (const ids of orders) expect(ids).toEqual(ids.toSorted((one, other) => one - other))
  expect(orders.map(({ length }) => length)).toEqual([80, 80, 80, 80, 80])
})

test('a group runs as many at once as its queue allows its groups, and no more', async () => {
  await admin.query(`select fencepost.limit_jobs('group', 'wide', 3)`)
  for (const group of ['a', 'b']) await insertJobs(admin, { queue: 'wide', group, count: 150 })
  expect(await first.claim(['wide'], 10)).toHaveLength(6)
  expect(await second.claim(['wide'], 10)).toHaveLength(0)
  await admin.query(`update fencepost.jobs set state = 'ready', token = null where queue = 'wide'`)
  const history = await record(workers, { queues: ['wide'], runs: 300 })
  for (const most of mostAtOnce(history, (run) => run.group).values()) expect(most).toBeLessThanOrEqual(3)
})

test('a claim takes no more than there is room for, and of jobs with groups and without both have their turn', async () => {
  for (const group of ['a', 'b', 'c', 'd']) await insertJobs(admin, { queue: 'room', group })
  await insertJobs(admin, { queue: 'room', count: 40 })
  expect(await first.claim(['room'], 2, 5)).toHaveLength(5)
  const groups: (string | null)[] = []
  for (let turn = 0; turn < 30; turn++) {
    const claimed = await second.claim(['room'], 1, 1)
    expect(claimed).toHaveLength(1)
    groups.push(...claimed.map(({ group }) => group))
  }
  // By chance: each in one of two, so that one in a hundred million such tests sees none of them.
  expect(new Set(groups)).toEqual(new Set([null, 'c', 'd']))
})

test('a job of a group that was enqueued before the one that runs, and committed after it began, waits for it', async () => {
  const enqueuer = await SqlWorker.open(database)
  await enqueuer.client.query('begin')
  const [earlier] = await insertJobs(enqueuer.client, { queue: 'open', group: 'a' })
  const [later, last] = await insertJobs(admin, { queue: 'open', group: 'a', count: 2 })
  const claimed = await first.claim(['open'], 10)
  expect(idsOf(claimed)).toEqual([later])
  await enqueuer.client.query('commit')
  expect(await second.claim(['open'], 10)).toEqual([])
  await first.finish(claimed)
  const next = await second.claim(['open'], 10)
  expect(idsOf(next)).toEqual([earlier])
  await second.finish(next)
  expect(idsOf(await second.claim(['open'], 10))).toEqual([last])
  await enqueuer[Symbol.asyncDispose]()
})

test('a job between two attempts keeps its place in its group, one that is only due later has none yet', async () => {
  const [failed, behind] = await insertJobs(admin, { queue: 'retry', group: 'a', count: 2 })
  const [due] = await insertJobs(admin, { queue: 'retry', group: 'b', count: 2 })
  await admin.query(`update fencepost.jobs set state = 'delayed', attempt = 1 where id = $1`, [failed])
  await admin.query(`update fencepost.jobs set state = 'delayed' where id = $1`, [due])
  expect(idsOf(await first.claim(['retry'], 10))).toEqual([(due ?? 0) + 1])
  await admin.query(`update fencepost.jobs set state = 'ready' where id = $1`, [failed])
  const claimed = await first.claim(['retry'], 10)
  expect(idsOf(claimed)).toEqual([failed])
  await first.finish(claimed)
  expect(idsOf(await first.claim(['retry'], 10))).toEqual([behind])
})

test('a job that is locked by somebody is not overtaken by those behind it in its group', async () => {
  const [head] = await insertJobs(admin, { queue: 'locked', group: 'a', count: 2 })
  await second.client.query('begin')
  await second.client.query('select from fencepost.jobs where id = $1 for update', [head])
  expect(await first.claim(['locked'], 10)).toEqual([])
  await second.client.query('commit')
  expect(idsOf(await first.claim(['locked'], 10))).toEqual([head])
})

test('a free job behind twenty thousand of a group that is busy is claimed without a look at each of them', async () => {
  await insertJobs(admin, { queue: 'long', group: 'busy', count: 20_000 })
  const [free] = await insertJobs(admin, { queue: 'long', group: 'free' })
  const [limited] = await insertJobs(admin, { queue: 'long', name: 'crashed' })
  await admin.query(`update fencepost.jobs set is_plain = false, crashes = 1 where id = $1`, [limited])
  expect(await first.claim(['long'], 1)).toHaveLength(1)
  const before = performance.now()
  const claimed = await first.claim(['long'], 10)
  expect(idsOf(claimed)).toEqual([free, limited])
  expect(performance.now() - before).toBeLessThan(500)
  expect(await readsOf('jobs', () => second.claim(['long'], 10))).toBeLessThan(2000)
  await first.finish(claimed)
})

test('of ten thousand groups that all wait for one name, none keeps another name from its turn', async () => {
  await admin.query(`select fencepost.limit_jobs('job', 'narrow', 1)`)
  await admin.query(`insert into fencepost.jobs (queue, name, state, payload, run_at, group_key, is_plain)
    select 'many', 'narrow', 'ready', '{}', now(), 'group ' || n, false from generate_series(1, 10000) as n`)
  const [free] = await insertJobs(admin, { queue: 'many', name: 'other', group: 'other' })
  expect(await first.claim(['many'], 1)).toHaveLength(1)
  // Each claim looks at some of them, from another place on.
  for (let claims = 1; ; claims++) {
    const [job] = await first.claim(['many'], 1)
    if (job !== undefined) {
      expect(job.id).toBe(free)
      break
    }
    expect(claims).toBeLessThan(1000)
  }
})

test('a job that has crashed workers runs as the only such one on a worker, and on another one there is room for the next', async () => {
  const ids = await insertJobs(admin, { queue: 'killers', count: 3 })
  await admin.query('update fencepost.jobs set crashes = 1, is_plain = false where id = any ($1)', [ids])
  const claimed = await first.claim(['killers'], 10)
  expect(idsOf(claimed)).toEqual([ids[0]])
  expect(await first.claim(['killers'], 10)).toEqual([])
  expect(idsOf(await second.claim(['killers'], 10))).toEqual([ids[1]])
  await first.finish(claimed)
  expect(idsOf(await first.claim(['killers'], 10))).toEqual([ids[2]])
})

test('workers that ask the same queues in different orders do not wait for each other', async () => {
  for (const queue of ['left', 'right']) {
    for (let group = 0; group < 100; group++) await insertJobs(admin, { queue, group: `${group}`, count: 2 })
  }
  const history = await record(workers, { queues: leftOrRight, runs: 400 })
  expect(history).toHaveLength(400)
  for (const most of mostAtOnce(history, (run) => `${run.queue} ${run.group}`).values()) expect(most).toBe(1)
})

test('a job that has come back before the place where a worker goes on is not overtaken by those behind it in its group', async () => {
  const [back, behind] = await insertJobs(admin, { queue: 'mark', group: 'a', count: 2 })
  await admin.query(`update fencepost.jobs set state = 'delayed', attempt = 1 where id = $1`, [back])
  const ids = await insertJobs(admin, { queue: 'mark', group: 'b', count: 2 })
  expect(idsOf(await first.claim(['mark'], 1))).toEqual([ids[0]])
  await admin.query(`update fencepost.jobs set state = 'ready' where id = $1`, [back])
  expect(behind).toBe((back ?? 0) + 1)
  expect(await claimOn(first, 'mark', 10)).toBe(0)
  expect(idsOf(await first.claim(['mark'], 10))).toEqual([back])
})

test('while somebody’s snapshot keeps all dead rows a worker that goes on does not read those before its place', async () => {
  const old = await database.admin.connect()
  await old.query('begin isolation level repeatable read; select 1')
  await admin.query(`select fencepost.limit_jobs('job', 'pinned', 100)`)
  await insertJobs(admin, { queue: 'pinned', name: 'pinned', count: 3500 })
  for (let round = 0; round < 30; round++) await second.finish(await second.claim(['pinned'], 100))
  // What it remembers may be of some claims ago, where looking took long.
  await second.client.query(`select set_config('fencepost.careful_starts', '', false)`)
  expect(await readsOf('jobs_careful', async () => second.finish(await second.claim(['pinned'], 10)))).toBeGreaterThan(
    3000,
  )
  expect(await readsOf('jobs_careful', async () => expect(await claimOn(second, 'pinned', 10)).toBe(10))).toBeLessThan(
    1000,
  )
  await old.query('commit')
  old.release()
})

/** How many a worker claims that goes on behind a place, and need not see what has come before it. */
async function claimOn(worker: SqlWorker, queue: string, most: number): Promise<number | undefined> {
  const text = `select jsonb_array_length(fencepost.spell_jobs(fencepost.claim_jobs($1, array[$2], 0, $3, '{0}', '{1}')::jsonb)) as claimed`
  return (await worker.client.query<{ claimed: number }>(text, [worker.session, queue, most])).rows[0]?.claimed
}

/** How many entries of an index, or of all of jobs, are read meanwhile, as the statistics tell once the worker has told them. */
async function readsOf(index: string, act: () => Promise<unknown>): Promise<number> {
  const read = async () => {
    await second.client.query('select pg_stat_force_next_flush()')
    await second.client.query('select 1')
    const text = `select sum(idx_tup_read)::integer as reads from pg_stat_user_indexes where $1 in (relname, indexrelname)`
    return (await admin.query<{ reads: number }>(text, [index])).rows[0]?.reads ?? 0
  }
  const before = await read()
  await act()
  return (await read()) - before
}
