import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { exists, openDesk, rescue } from './desk.ts'

const database = await cloneDatabase()
const { admin } = database
await admin.query('create table effects (job bigint)')
const desk = await openDesk(database.url)
afterAll(async () => {
  await desk[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
})

test('P9: what the function of a job transaction returns is kept with its effects, where the job is to be kept', async () => {
  for (const result of [{ paid: "it's \\ $1 fencepost.x" }, 'text', null, undefined]) {
    const job = await claimKept()
    await job.transaction(async (tx) => {
      await tx.query('insert into effects values ($1)', [job.id])
      return result
    })
    expect(await exists(admin, job.id)).toBe(false)
    expect(await finished(job.id)).toEqual([{ state: 'done', result: result ?? null }])
  }
})

test('P9: an attempt that lost a job to be kept finishes nothing', async () => {
  const job = await claimKept()
  const refused = job.transaction(async (tx) => {
    await tx.query('insert into effects values ($1)', [job.id])
    await rescue(admin, job.id)
  })
  await expect(refused).rejects.toMatchObject({ code: 'STALE_JOB' })
  expect([await finished(job.id), await exists(admin, job.id)]).toEqual([[], true])
  expect((await admin.query('select from effects where job = $1', [job.id])).rowCount).toBe(0)
  await admin.query('delete from fencepost.jobs where id = $1', [job.id])
})

test('a result that JSON cannot carry undoes the transaction of a job to be kept, and says so', async () => {
  const job = await claimKept()
  const refused = job.transaction(async (tx) => {
    await tx.query('insert into effects values ($1)', [job.id])
    return 10n
  })
  await expect(refused).rejects.toThrow(TypeError)
  expect([job.isCompleted, await exists(admin, job.id)]).toEqual([false, true])
  expect((await admin.query('select from effects where job = $1', [job.id])).rowCount).toBe(0)
})

test('P9: a parent becomes ready with the COMMIT of its last child, and reads what its children returned', async () => {
  const { rows } = await admin.query<{ id: string }>(`
    insert into fencepost.jobs (queue, name, state, payload, run_at, children)
    values ('parents', 'parent', 'waiting', '1', now(), 2) returning id`)
  const parent = Number(rows[0]?.id)
  await admin.query(
    `insert into fencepost.jobs (queue, name, state, payload, run_at, parent)
    select 'children', 'child', 'ready', '1', now(), $1 from generate_series(1, 2)`,
    [parent],
  )
  const states: unknown[] = []
  for (const result of ['first', 'second']) {
    const child = await desk.claim('children')
    await child.transaction(async () => {
      states.push(await stateOf(parent))
      return result
    })
  }
  expect(states).toEqual(['waiting', 'waiting'])
  expect(await stateOf(parent)).toBe('ready')
  const job = await desk.claim('parents')
  expect(await job.childResults()).toEqual(['first', 'second'])
  await rescue(admin, parent)
  await expect(job.childResults()).rejects.toMatchObject({ code: 'STALE_JOB', jobId: parent })
})

async function claimKept() {
  await admin.query(`select fencepost.enqueue_jobs('kept', '[1]', queue => 'kept', keep => '1 day')`)
  return await desk.claim('kept')
}

async function finished(id: number): Promise<unknown[]> {
  return (await admin.query('select state, result from fencepost.finished_jobs where id = $1', [id])).rows
}

async function stateOf(id: number): Promise<string | undefined> {
  return (await admin.query<{ state: string }>('select state from fencepost.jobs where id = $1', [id])).rows[0]?.state
}
