import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { SqlWorker } from './sql-worker.ts'

const database = await cloneDatabase()
const { admin } = database
afterAll(() => database[Symbol.asyncDispose]())

test('P9: a rescuer whose snapshot is older than a claim is refused, and does not have its worker forgotten', async () => {
  const worker = await SqlWorker.open(database.url, 'old')
  await admin.query("select fencepost.enqueue('job', queue => 'old')")
  const client = await admin.connect()
  await client.query('begin isolation level repeatable read')
  await client.query('select from fencepost.jobs')
  await admin.query("select fencepost.claim_jobs($1, '{old}', 1, 1)", [worker.session])
  await worker[Symbol.asyncDispose]()
  await eventually(async () => {
    const { rows } = await admin.query('select pg_try_advisory_xact_lock($1) as free', [worker.session])
    return rows[0]?.free === true
  })
  await expect(client.query('select fencepost.rescue_jobs(null)')).rejects.toMatchObject({ code: 'LK002' })
  await client.query('rollback')
  client.release()
  const { rows } = await admin.query('select fencepost.rescue_jobs(null)::integer as rescued')
  expect(rows).toEqual([{ rescued: 1 }])
})

test('P9: jobs are claimed by sessions only that are workers, as nobody would find the jobs of others', async () => {
  await expect(admin.query("select fencepost.claim_jobs(42, '{old}', 1, 1)")).rejects.toMatchObject({ code: '55000' })
})

test('P9: while a worker in plain SQL is there the others look often whether it lives', async () => {
  const worker = await SqlWorker.open(database.url, 'old')
  expect(await isBusy()).toBe(true)
  await worker[Symbol.asyncDispose]()
  await eventually(async () => !(await isBusy()))
})

/** Whether workers are told that others may have jobs. */
async function isBusy(): Promise<boolean | undefined> {
  const { rows } = await admin.query<{ outlook: string }>("select fencepost.job_outlook('{old}') as outlook")
  return (JSON.parse(rows[0]?.outlook ?? '{}') as { isBusy?: boolean }).isBusy
}
