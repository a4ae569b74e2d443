import { fencepost, type Transaction } from 'fencepost'
import pg from 'pg'
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

test('P9: the effects of a job and its completion are committed together, and what its function returned comes back', async () => {
  await using desk = await openDesk(database.url)
  await enqueue(admin, 'together')
  const job = await desk.claim('together')
  const seen: [boolean, number][] = []
  const result = await job.transaction(async (tx) => {
    await tx.query('insert into effects values ($1, $2)', [job.id, job.attempt])
    seen.push([await exists(admin, job.id), (await effectsOf(job.id)).length])
    return 'done'
  })
  seen.push([await exists(admin, job.id), (await effectsOf(job.id)).length])
  expect(result).toBe('done')
  expect(job.isCompleted).toBe(true)
  expect(seen).toEqual([
    [true, 0],
    [false, 1],
  ])
})

test('P9: a function that throws writes nothing and completes nothing, its error goes on, and it may try again', async () => {
  await using desk = await openDesk(database.url)
  await enqueue(admin, 'throws')
  const job = await desk.claim('throws')
  const error = new Error('no paper')
  const failed = job.transaction(async (tx) => {
    await tx.query('insert into effects values ($1, $2)', [job.id, job.attempt])
    throw error
  })
  await expect(failed).rejects.toBe(error)
  expect([job.isCompleted, await exists(admin, job.id), await effectsOf(job.id)]).toEqual([false, true, []])
  await job.transaction((tx) => tx.query('insert into effects values ($1, $2)', [job.id, job.attempt]))
  expect([await exists(admin, job.id), await effectsOf(job.id)]).toEqual([false, [1]])
})

test('P9: an attempt whose job was taken over cannot commit its effects, and is told by whom; the next one can', async () => {
  await using desk = await openDesk(database.url)
  await using other = await openDesk(database.url)
  await enqueue(admin, 'lost')
  const first = await desk.claim('lost')
  const refused = first.transaction(async (tx) => {
    await tx.query('insert into effects values ($1, $2)', [first.id, first.attempt])
    await rescue(admin, first.id)
    const second = await other.claim('lost')
    expect(second).toMatchObject({ id: first.id, attempt: 2 })
    return second
  })
  const error = await refused.catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'STALE_JOB', jobId: first.id, jobName: 'lost', attempt: 1 })
  expect((error as Error).message).toMatch(/^job \d+ \(lost\) has been taken over.*: attempt 2 began at \d{4}-.* UTC$/)
  expect([await exists(admin, first.id), await effectsOf(first.id)]).toEqual([true, []])
  // Nor can it begin again.
  let isBegun = false
  const again = first.transaction(async () => {
    isBegun = true
  })
  await expect(again).rejects.toMatchObject({ code: 'STALE_JOB' })
  expect(isBegun).toBe(false)
})

test('P9: of two attempts at once exactly one commits, however they meet', async () => {
  await using desk = await openDesk(database.url)
  await using other = await openDesk(database.url)
  const rounds = 60
  await enqueue(admin, 'race', rounds)
  const winners = [0, 0]
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
      winners[1]!++
    } else {
      expect(await old).toBe('committed')
      winners[0]!++
    }
    expect(await exists(admin, first.id)).toBe(false)
    expect(await effectsOf(first.id)).toHaveLength(1)
  }
  console.log(`the first attempt won ${winners[0]} times, the second ${winners[1]}`)
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

test('a COMMIT, ROLLBACK or BEGIN of the function completes no job, and is told', async () => {
  await using desk = await openDesk(database.url)
  for (const word of ['commit', 'rollback', 'commit; begin', 'rollback; begin']) {
    await enqueue(admin, 'own')
    const job = await desk.claim('own')
    const cut = job.transaction((tx) => tx.query(word))
    await expect(cut).rejects.toMatchObject({ code: 'TRANSACTION_CUT', lockName: null, jobId: job.id })
    expect(await exists(admin, job.id)).toBe(true)
  }
})

test('a query that is sent when the function is done is refused', async () => {
  await using desk = await openDesk(database.url)
  await enqueue(admin, 'late')
  const job = await desk.claim('late')
  let lent: Transaction | undefined
  await job.transaction(async (tx) => {
    lent = tx
  })
  const late = lent?.query('insert into effects values ($1, 1)', [job.id])
  await expect(late).rejects.toMatchObject({ code: 'TRANSACTION_OVER', jobId: job.id })
  expect(await effectsOf(job.id)).toEqual([])
})

test('a job has one transaction at a time, and none after the one that completed it', async () => {
  await using desk = await openDesk(database.url)
  await enqueue(admin, 'once')
  const job = await desk.claim('once')
  await job.transaction(async () => {
    await expect(job.transaction(async () => {})).rejects.toThrow(/job \d+ \(once\) is in its transaction/)
  })
  for (const late of [() => job.transaction(async () => {}), () => job.log('x'), () => job.progress(1)]) {
    await expect(late()).rejects.toThrow(/job \d+ \(once\) was completed by its transaction/)
  }
  await expect(job.transaction(undefined as never)).rejects.toThrow(TypeError)
})

test('a job of which nobody wants a result may return anything from its transaction', async () => {
  await using desk = await openDesk(database.url)
  await enqueue(admin, 'anything')
  const job = await desk.claim('anything')
  expect(await job.transaction(async () => 10n)).toBe(10n)
  expect(job.isCompleted).toBe(true)
})

test('a protected table refuses a job as it does any writer', async () => {
  await using fp = fencepost(database.url)
  await using desk = await openDesk(database.url)
  await admin.query('create table ledger (account integer)')
  await fp.protect('ledger', 'account:{account}')
  await enqueue(admin, 'protected')
  const job = await desk.claim('protected')
  const refused = job.transaction((tx) => tx.query('insert into ledger values (1)'))
  await expect(refused).rejects.toMatchObject({ code: 'UNGUARDED_WRITE', lockName: 'account:1' })
  expect(await exists(admin, job.id)).toBe(true)
})

test("on a pool of the application's, a job transaction that sits idle is ended, and its connection is not used again", async () => {
  const pool = new pg.Pool({ connectionString: database.url, max: 1 })
  pool.on('error', () => {})
  await using desk = await openDesk(pool, { freezeMs: 300 })
  await enqueue(admin, 'idle')
  const job = await desk.claim('idle')
  const idle = deferred()
  const begun = deferred<number>()
  const ended = job.transaction(async (tx) => {
    await tx.query('insert into effects values ($1, 1)', [job.id])
    begun.resolve(await backendOf(tx))
    await idle.promise
  })
  ended.catch(() => {})
  const backend = await begun.promise
  await eventually(
    async () => (await admin.query('select from pg_stat_activity where pid = $1', [backend])).rowCount === 0,
  )
  idle.resolve()
  await expect(ended).rejects.toMatchObject({ code: 'TRANSACTION_LOST', jobId: job.id })
  expect([await exists(admin, job.id), await effectsOf(job.id)]).toEqual([true, []])
  const { rows } = await pool.query<{ pid: number }>('select pg_backend_pid() as pid')
  expect(rows[0]?.pid).not.toBe(backend)
  await pool.end()
})

test('in a schema of another name, and under names that look like ours, a job is completed as it is', async () => {
  await using fp = fencepost(database.url, { schema: 'other' })
  await fp.migrate()
  await using desk = await openDesk(database.url, { schema: 'other' })
  await admin.query(`select other.enqueue_jobs('fencepost.x', '[1]', queue => 'fencepost')`)
  const job = await desk.claim('fencepost')
  await job.log("'fencepost' logs fencepost.x")
  await job.progress('fencepost.x')
  await job.transaction((tx) => tx.query('select 1'))
  const { rows } = await admin.query('select line from other.job_logs')
  expect(rows).toEqual([{ line: "'fencepost' logs fencepost.x" }])
  expect((await admin.query('select from other.jobs')).rowCount).toBe(0)
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
