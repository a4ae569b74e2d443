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
