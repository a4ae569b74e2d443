import { expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { type Claimed, openWorkers } from './sql-worker.ts'

const JOBS = 2000
const WORKERS = 8

test('H21, P9: of workers that claim at once each job is claimed by one, whatever claims are under way and rolled back', async () => {
  await using database = await cloneDatabase()
  await database.admin.query(
    `select fencepost.enqueue_jobs('job', (select jsonb_agg(i) from generate_series(1, ${JOBS}) as i))`,
  )
  const workers = await openWorkers(database, WORKERS)
  const claimed: Claimed[] = []
  await Promise.all(
    workers.map(async (worker, i) => {
      for (let round = 0; ; round++) {
        // Every third claim is taken back: its jobs are there for the others, who passed over them while it was open.
        const isTakenBack = (i + round) % 3 === 0
        await worker.client.query('begin')
        const jobs = await worker.claim(['default'], 0, 7)
        await worker.client.query(isTakenBack ? 'rollback' : 'commit')
        if (!isTakenBack) claimed.push(...jobs)
        if (jobs.length === 0) return
      }
    }),
  )
  // What was taken back at the very end was seen by nobody any more.
  for (
    let jobs = await workers[0]?.claim(['default'], 0, 100);
    jobs?.length;
    jobs = await workers[0]?.claim(['default'], 0, 100)
  )
    claimed.push(...jobs)
  expect(claimed).toHaveLength(JOBS)
  expect(new Set(claimed.map(({ id }) => id)).size).toBe(JOBS)
  const { rows } = await database.admin.query<{ id: string; token: string }>(
    "select id, token from fencepost.jobs where state = 'running' and attempt = 1",
  )
  // The row says what its claimer was told, and so does nobody else's.
  const tokens = new Map(claimed.map(({ id, token }) => [id, token]))
  expect(rows.filter(({ id, token }) => tokens.get(Number(id)) === Number(token))).toHaveLength(JOBS)
  await Promise.all(workers.map(async (worker) => await worker[Symbol.asyncDispose]()))
}, 60_000)

test('H21, P9: a claim that waited for nobody does not take what another one has claimed and committed since it began', async () => {
  await using database = await cloneDatabase()
  await database.admin.query("select fencepost.enqueue_jobs('job', '[1, 2]')")
  const [slow, quick] = await openWorkers(database, 2)
  if (slow === undefined || quick === undefined) throw new Error('two workers were opened')
  // Its statement has its snapshot and stands before the first job when the other one claims both and commits.
  await database.admin.query(`
    create function pause_at_claim() returns trigger language plpgsql as $$
    begin perform pg_advisory_xact_lock(4711); return new; end $$;
    create trigger pause before update on fencepost.jobs for each statement
      when (current_setting('application_name') = 'slow') execute function pause_at_claim()`)
  await slow.client.query("set application_name = 'slow'")
  const gate = await database.admin.connect()
  await gate.query('select pg_advisory_lock(4711)')
  const claiming = slow.claim(['default'], 0, 2)
  await untilBlocked(gate)
  const first = await quick.claim(['default'], 0, 2)
  await gate.query('select pg_advisory_unlock(4711)')
  gate.release()
  expect(first).toHaveLength(2)
  expect(await claiming).toEqual([])
  for (const worker of [slow, quick]) await worker[Symbol.asyncDispose]()
}, 30_000)

async function untilBlocked(client: { query(text: string): Promise<{ rowCount: number | null }> }): Promise<void> {
  const text = "select from pg_stat_activity where application_name = 'slow' and wait_event = 'advisory'"
  while ((await client.query(text)).rowCount === 0);
}
