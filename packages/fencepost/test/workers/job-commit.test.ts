import type { Transaction } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { deferred } from '../support/deferred.ts'
import { eventually } from '../support/eventually.ts'
import { holdingProxy } from '../support/holding-proxy.ts'
import { enqueue, exists, openDesk, rescue, RESCUE } from './desk.ts'

const database = await cloneDatabase()
const { admin } = database
await admin.query('create table effects (job bigint, attempt integer)')
afterAll(() => database[Symbol.asyncDispose]())

test('P9: of two attempts at once exactly one commits, however they meet', async () => {
  await using desk = await openDesk(database.url)
  await using other = await openDesk(database.url)
  const rounds = 60
  await enqueue(admin, 'race', rounds)
  const winners = { first: 0, second: 0 }
  for (let round = 0; round < rounds; round++) {
    const first = await desk.claim('race')
    const begun = deferred()
    const old = first
      .transaction(async (tx) => {
        await tx.query('insert into effects values ($1, $2)', [first.id, 1])
        begun.resolve()
      })
      .then(
        () => 'committed',
        (error: { code: string }) => error.code,
      )
    await begun.promise
    await wait(Math.random() * 2)
    if (await rescue(admin, first.id)) {
      const second = await other.claim('race')
      await second.transaction((tx) => tx.query('insert into effects values ($1, $2)', [second.id, 2]))
      expect(await old).toBe('STALE_JOB')
      winners.second++
    } else {
      expect(await old).toBe('committed')
      winners.first++
    }
    expect(await exists(admin, first.id)).toBe(false)
    expect(await effectsOf(first.id)).toHaveLength(1)
  }
  console.log(winners)
})

test('P9: a take-over that meets the COMMIT of a job transaction waits for it, and finds no job', async () => {
  await using desk = await openDesk(database.url)
  await admin.query(`
    create table gated_effects (job bigint);
    create function gate() returns trigger language plpgsql as 'begin perform pg_advisory_xact_lock(77); return null; end';
    create constraint trigger gate after insert on gated_effects deferrable initially deferred for each row execute function gate()`)
  await enqueue(admin, 'meets')
  const job = await desk.claim('meets')
  const gate = await admin.connect()
  await gate.query('select pg_advisory_lock(77)')
  const committed = job.transaction((tx) => tx.query('insert into gated_effects values ($1)', [job.id]))
  await untilBlocked('advisory')
  const rescued = rescue(admin, job.id)
  await untilBlocked('transactionid')
  await gate.query('select pg_advisory_unlock(77)')
  gate.release()
  await committed
  expect(await rescued).toBe(false)
  expect([await exists(admin, job.id), job.isCompleted]).toEqual([false, true])
})

test.each(['commit', 'rollback'])(
  'P9: a COMMIT that meets a take-over waits for its %s, and goes by it',
  async (end) => {
    await using desk = await openDesk(database.url)
    await enqueue(admin, `met by ${end}`)
    const job = await desk.claim(`met by ${end}`)
    const taker = await admin.connect()
    await taker.query('begin')
    await taker.query(RESCUE, [job.id])
    const outcome = Promise.allSettled([
      job.transaction((tx) => tx.query('insert into effects values ($1, $2)', [job.id, job.attempt])),
    ])
    await untilBlocked('transactionid')
    await taker.query(end)
    taker.release()
    expect(await outcome).toMatchObject([
      end === 'commit' ? { reason: { code: 'STALE_JOB' } } : { status: 'fulfilled' },
    ])
    expect(await exists(admin, job.id)).toBe(end === 'commit')
    expect(await effectsOf(job.id)).toEqual(end === 'commit' ? [] : [1])
  },
)

test('P9: a connection that is cut at any moment of COMMIT leaves both, effects and completion, or neither', async () => {
  await using desk = await openDesk(database.url)
  // COMMIT takes a while, and the backend is ended before it, in it or after it.
  await admin.query(`
    create table slow_effects (job bigint);
    create function slow() returns trigger language plpgsql as 'begin perform pg_sleep(0.01); return null; end';
    create constraint trigger slow after insert on slow_effects deferrable initially deferred for each row execute function slow()`)
  const rounds = 60
  await enqueue(admin, 'cut', rounds)
  const outcomes: Record<string, number> = {}
  for (let round = 0; round < rounds; round++) {
    const job = await desk.claim('cut')
    let backend = 0
    const isAway = deferred()
    const outcome = job
      .transaction(async (tx) => {
        await tx.query('insert into slow_effects values ($1)', [job.id])
        backend = await backendOf(tx)
        isAway.resolve()
      })
      .then(
        () => 'committed',
        (error: { code: string }) => error.code,
      )
    await isAway.promise
    await wait((round / rounds) * 20)
    await admin.query('select pg_terminate_backend($1, 5000)', [backend])
    const code = await outcome
    const { rowCount: effects } = await admin.query('select from slow_effects where job = $1', [job.id])
    const isThere = await exists(admin, job.id)
    expect({ isThere, effects }).toEqual(isThere ? { isThere, effects: 0 } : { isThere, effects: 1 })
    if (code === 'committed') expect(isThere).toBe(false)
    expect(['committed', 'COMMIT_UNCERTAIN', 'TRANSACTION_LOST']).toContain(code)
    expect(job.isCompleted).toBe(code === 'committed')
    const key = `${code}, job ${isThere ? 'there' : 'gone'}`
    outcomes[key] = (outcomes[key] ?? 0) + 1
  }
  console.log(outcomes)
  expect(Object.keys(outcomes).length).toBeGreaterThan(1)
})

test('P9: a COMMIT whose answer is lost is told as uncertain, and the job is over if it was done', async () => {
  const proxy = await holdingProxy(database.url)
  await using desk = await openDesk(proxy.url)
  await enqueue(admin, 'unanswered')
  const job = await desk.claim('unanswered')
  const uncertain = job.transaction(async (tx) => {
    await tx.query('insert into effects values ($1, $2)', [job.id, job.attempt])
    proxy.holdFrom('; commit')
  })
  void proxy.holds('COMMIT').then(() => proxy.close())
  await expect(uncertain).rejects.toMatchObject({ code: 'COMMIT_UNCERTAIN', lockName: null, jobId: job.id })
  expect([await exists(admin, job.id), await effectsOf(job.id)]).toEqual([false, [1]])
})

async function effectsOf(id: number): Promise<number[]> {
  const { rows } = await admin.query<{ attempt: number }>('select attempt from effects where job = $1', [id])
  return rows.map(({ attempt }) => attempt)
}

async function backendOf(tx: Transaction): Promise<number> {
  return (await tx.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid ?? 0
}

/** Waits until somebody waits in the server for a lock of this type. */
async function untilBlocked(type: string): Promise<void> {
  const text = `select from pg_stat_activity where wait_event_type = 'Lock' and wait_event = $1 and datname = current_database()`
  await eventually(async () => (await admin.query(text, [type])).rowCount === 1)
}

/** For moments at random, not for something to happen. */
async function wait(ms: number): Promise<void> {
  for (const end = performance.now() + ms; performance.now() < end;) await new Promise(setImmediate)
}
