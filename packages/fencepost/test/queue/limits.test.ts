import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { insertJobs } from './insert-jobs.ts'
import { mostAtOnce, mostInAnyWindow, record } from './run-history.ts'
import { openWorkers, type SqlWorker } from './sql-worker.ts'

const database = await cloneDatabase()
const { admin } = database
const workers = await openWorkers(database, 12)
const [first, second] = workers as [SqlWorker, SqlWorker]
afterAll(async () => {
  await Promise.all(workers.map((worker) => worker[Symbol.asyncDispose]()))
  await database[Symbol.asyncDispose]()
})

const limit = async (...limits: unknown[]) => {
  const text = 'select fencepost.limit_jobs($1, $2, $3, $4, $5::interval) as changed'
  return (await admin.query<{ changed: boolean }>(text, [...limits, ...Array(5 - limits.length).fill(null)])).rows[0]
    ?.changed
}
const oneOrTwo = (worker: number) => (worker % 2 === 0 ? ['one', 'two'] : ['two', 'one'])
const idsOf = (jobs: readonly { id: number }[]) => jobs.map(({ id }) => id)

test('of a name with a limit no more run at once than it says, over twelve workers and two queues, and others run beside them', async () => {
  await limit('job', 'mail', 4)
  for (const queue of ['one', 'two']) {
    await insertJobs(admin, { queue, name: 'mail', count: 150 })
    await insertJobs(admin, { queue, name: 'other', count: 50 })
  }
  const history = await record(workers, { queues: oneOrTwo, runs: 400 })
  expect(new Set(idsOf(history)).size).toBe(400)
  expect(mostAtOnce(history, (run) => run.name).get('mail')).toBeLessThanOrEqual(4)
})

test('of a queue with a limit no more run at once than it says, plain ones and others in one order', async () => {
  await limit('queue', 'small', 5)
  for (let round = 0; round < 50; round++) {
    await insertJobs(admin, { queue: 'small', count: 3 })
    await insertJobs(admin, { queue: 'small', group: 'a' })
  }
  const ids = (await admin.query<{ id: string }>(`select id from fencepost.jobs where queue = 'small' order by id`))
    .rows
  const claimed = await first.claim(['small'], 100, 100)
  expect(idsOf(claimed)).toEqual(ids.slice(0, 5).map(({ id }) => Number(id)))
  expect(await second.claim(['small'], 100, 100)).toEqual([])
  await first.finish(claimed)
  const history = await record(workers, { queues: ['small'], most: 10, runs: 195 })
  expect(mostAtOnce(history, () => 'all').get('all')).toBeLessThanOrEqual(5)
  expect(mostAtOnce(history, (run) => run.group).get('a')).toBe(1)
})

test('plain jobs of a limited queue are not kept from it by a long line of others that may not run', async () => {
  await limit('queue', 'mixed', 3)
  await insertJobs(admin, { queue: 'mixed', group: 'a', count: 2000 })
  const [plain] = await insertJobs(admin, { queue: 'mixed' })
  expect(idsOf(await first.claim(['mixed'], 3))).toContain(plain)
})

test('a rate holds in every interval of its length, wherever it begins, of a name, of each group, and of a queue', async () => {
  await admin.query(`create table starts as select queue, name, group_key, claimed_at from fencepost.jobs limit 0`)
  await admin.query(`create function note_start() returns trigger language plpgsql as $$ begin
    insert into starts select new.queue, new.name, new.group_key, new.claimed_at; return new; end $$`)
  await admin.query(`create trigger note_start after update on fencepost.jobs for each row
    when (new.state = 'running') execute function note_start()`)
  await limit('job', 'call', null, 7, '300 ms')
  await limit('group', 'groups', 2, 3, '300 ms')
  await limit('queue', 'slow', null, 9, '300 ms')
  await insertJobs(admin, { queue: 'calls', name: 'call', count: 35 })
  for (const group of ['a', 'b', 'c']) await insertJobs(admin, { queue: 'groups', group, count: 12 })
  await insertJobs(admin, { queue: 'slow', count: 36 })
  await Promise.all([
    record(workers.slice(0, 4), { queues: ['calls'], runs: 35 }),
    record(workers.slice(4, 8), { queues: ['groups'], runs: 36 }),
    record(workers.slice(8), { queues: ['slow'], runs: 36 }),
  ])

  const { rows } = await admin.query<{ queue: string; group: string; ms: number }>(
    `select queue, group_key as group, extract(epoch from claimed_at)::float8 * 1000 as ms from starts`,
  )
  const begun = (queue: string, group: string | null) =>
    rows.filter((row) => row.queue === queue && row.group === group).map(({ ms }) => ms)
  expect(begun('calls', null)).toHaveLength(35)
  expect(mostInAnyWindow(begun('calls', null), 300)).toBeLessThanOrEqual(7)
  for (const group of ['a', 'b', 'c']) {
    expect(begun('groups', group)).toHaveLength(12)
    expect(mostInAnyWindow(begun('groups', group), 300)).toBeLessThanOrEqual(3)
  }
  expect(mostInAnyWindow(begun('slow', null), 300)).toBeLessThanOrEqual(9)
})

test('a limit holds for jobs that are there already, those that run count, and without it they run again', async () => {
  await insertJobs(admin, { queue: 'late', name: 'late', count: 6 })
  const running = await first.claim(['late'], 0, 2)
  expect(running).toHaveLength(2)
  expect(await limit('job', 'late', 3)).toBe(true)
  expect(await limit('job', 'late', 3)).toBe(false)
  expect(await second.claim(['late'], 10, 10)).toHaveLength(1)
  expect(await second.claim(['late'], 10, 10)).toHaveLength(0)
  expect(await limit('job', 'late', 2)).toBe(true)
  await first.finish(running.slice(0, 1))
  expect(await second.claim(['late'], 10, 10)).toHaveLength(0)
  expect(await limit('job', 'late')).toBe(true)
  expect(await limit('job', 'late')).toBe(false)
  expect(await second.claim(['late'], 10, 10)).toHaveLength(3)
})

test('a group waits with its first job for the limit of that one’s name', async () => {
  await limit('job', 'rare', 1)
  await insertJobs(admin, { queue: 'both', name: 'rare', group: 'a' })
  const [head] = await insertJobs(admin, { queue: 'both', name: 'rare', group: 'b' })
  const [behind] = await insertJobs(admin, { queue: 'both', name: 'often', group: 'b' })
  const claimed = await first.claim(['both'], 10)
  expect(claimed).toHaveLength(1)
  expect(await second.claim(['both'], 10)).toEqual([])
  await first.finish(claimed)
  const next = await second.claim(['both'], 10)
  expect(idsOf(next)).toEqual([head])
  await second.finish(next)
  expect(idsOf(await second.claim(['both'], 10))).toEqual([behind])
})

test('a claim in a transaction whose snapshot may miss what others have claimed is refused', async () => {
  await insertJobs(admin, { queue: 'strict', group: 'a' })
  await first.client.query('begin isolation level repeatable read')
  await expect(first.claim(['strict'], 1)).rejects.toMatchObject({ code: 'LK002' })
  await first.client.query('rollback')
})

test('the later of two attempts of a group has the higher token, however long its claim waited for the other', async () => {
  const ids = await insertJobs(admin, { queue: 'tokens', group: 'a', count: 400 })
  const history = await record(workers, { queues: ['tokens'], runs: 400 })
  const tokens = new Map(history.map(({ id, token }) => [id, token]))
  const inOrder = ids.map((id) => tokens.get(id) ?? 0)
  expect(inOrder).toEqual(inOrder.toSorted((one, other) => one - other))
})
