import { fencepost, type Transaction } from 'fencepost'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { deferred } from '../support/deferred.ts'
import { eventually } from '../support/eventually.ts'
import { enqueue, exists, openDesk, rescue } from './desk.ts'

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
