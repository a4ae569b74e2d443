import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'
import { enqueue, exists, openDesk, rescue } from './desk.ts'

const database = await cloneDatabase()
const { admin } = database
await admin.query(
  'create table effects (job bigint, attempt integer); create table rows (n integer); insert into rows values (0)',
)
afterAll(() => database[Symbol.asyncDispose]())

/** Longer than any of these tests: the server ends nothing by itself. */
const NEVER_MS = 3_600_000

test('P9: a process that was frozen in a job transaction while its job was taken over commits nothing when it thaws', async () => {
  await using frozen = await Remote.run('fixtures/jobs.js', [database.url, NEVER_MS])
  await using desk = await openDesk(database.url)
  await enqueue(admin, 'frozen')
  const id = await frozen.call<number>('claim', 'frozen')
  await frozen.call('write', id, `insert into effects values (${id}, 1)`)
  frozen.freeze()
  const late = frozen.call('commit', id)
  late.catch(() => {})
  await rescue(admin, id)
  const next = await desk.claim('frozen')
  expect(next).toMatchObject({ id, attempt: 2 })
  frozen.thaw()
  await expect(late).rejects.toMatchObject({ code: 'STALE_JOB', cause: 'LK009' })
  await next.transaction((tx) => tx.query(`insert into effects values (${id}, 2)`))
  expect([await exists(admin, id), await effectsOf(id)]).toEqual([false, [2]])
})

test('P9: a process that thaws after the next attempt has completed the job commits nothing', async () => {
  await using frozen = await Remote.run('fixtures/jobs.js', [database.url, NEVER_MS])
  await using desk = await openDesk(database.url)
  await enqueue(admin, 'late')
  const id = await frozen.call<number>('claim', 'late')
  await frozen.call('write', id, `insert into effects values (${id}, 1)`)
  frozen.freeze()
  const late = frozen.call('commit', id)
  late.catch(() => {})
  await rescue(admin, id)
  const next = await desk.claim('late')
  await next.transaction((tx) => tx.query(`insert into effects values (${id}, 2)`))
  frozen.thaw()
  await expect(late).rejects.toMatchObject({
    code: 'STALE_JOB',
    message: expect.stringContaining('it is over') as string,
  })
  expect(await effectsOf(id)).toEqual([2])
})

test('P9: a process that is killed between its effects and COMMIT leaves no effect, and its job is there', async () => {
  const killed = await Remote.run('fixtures/jobs.js', [database.url, NEVER_MS])
  await using desk = await openDesk(database.url)
  await enqueue(admin, 'killed')
  const id = await killed.call<number>('claim', 'killed')
  await killed.call('write', id, `insert into effects values (${id}, 1)`)
  await killed.kill()
  await untilAlone()
  expect([await exists(admin, id), await effectsOf(id)]).toEqual([true, []])
  await rescue(admin, id)
  const next = await desk.claim('killed')
  await next.transaction((tx) => tx.query(`insert into effects values (${id}, 2)`))
  expect(await effectsOf(id)).toEqual([2])
})

test('P9: processes that are killed at one moment or another of their job transactions leave each job either done, with one effect, or there, with none', async () => {
  const rounds = 16
  await enqueue(admin, 'random', rounds)
  let done = 0
  for (let round = 0; round < rounds; round++) {
    const killed = await Remote.run('fixtures/jobs.js', [database.url, NEVER_MS])
    const id = await killed.call<number>('claim', 'random')
    await killed.call('write', id, `insert into effects values (${id}, 1)`)
    killed.call('commit', id).catch(() => {})
    // Not for something to happen: for another moment each time, from before it hears of the call to after its COMMIT.
    for (const end = performance.now() + (round / rounds) * 3; performance.now() < end;) await new Promise(setImmediate)
    await killed.kill()
    await untilAlone()
    const isThere = await exists(admin, id)
    expect(await effectsOf(id)).toEqual(isThere ? [] : [1])
    if (!isThere) done++
  }
  console.log(`${done} of ${rounds} were done before the kill`)
})

test('a process that is frozen in a job transaction keeps no row for longer than the freeze timeout', async () => {
  await using frozen = await Remote.run('fixtures/jobs.js', [database.url, 1000])
  await enqueue(admin, 'rows')
  const id = await frozen.call<number>('claim', 'rows')
  await frozen.call('write', id, 'update rows set n = n + 1')
  frozen.freeze()
  // Waits for the row.
  await admin.query('update rows set n = n + 10')
  const late = frozen.call('commit', id)
  late.catch(() => {})
  frozen.thaw()
  await expect(late).rejects.toMatchObject({
    code: expect.stringMatching(/TRANSACTION_LOST|COMMIT_UNCERTAIN/) as string,
  })
  expect((await admin.query('select n from rows')).rows).toEqual([{ n: 10 }])
})

test('P9: what a process logs and notes after it was frozen and its job taken over is refused', async () => {
  await using frozen = await Remote.run('fixtures/jobs.js', [database.url, NEVER_MS])
  await using desk = await openDesk(database.url)
  await enqueue(admin, 'notes')
  const id = await frozen.call<number>('claim', 'notes')
  await frozen.call('log', id, 'begun')
  frozen.freeze()
  const late = Promise.allSettled([frozen.call('log', id, 'late'), frozen.call('progress', id, 'late')])
  await rescue(admin, id)
  const next = await desk.claim('notes')
  await next.progress('mine')
  frozen.thaw()
  for (const outcome of await late) expect(outcome).toMatchObject({ reason: { code: 'STALE_JOB' } })
  const { rows } = await admin.query('select attempt, line from fencepost.job_logs where job = $1', [id])
  expect(rows).toEqual([{ attempt: 1, line: 'begun' }])
  expect((await admin.query('select progress from fencepost.jobs where id = $1', [id])).rows).toEqual([
    { progress: 'mine' },
  ])
})

/** Waits until the server has noticed that a process is gone. */
async function untilAlone(): Promise<void> {
  await eventually(async () => {
    const text = `select from pg_stat_activity where datname = current_database() and application_name not like 'desk%'
      and pid <> pg_backend_pid() and state like 'idle in transaction%'`
    return (await admin.query(text)).rowCount === 0
  })
}

async function effectsOf(id: number): Promise<number[]> {
  const { rows } = await admin.query<{ attempt: number }>('select attempt from effects where job = $1', [id])
  return rows.map(({ attempt }) => attempt)
}
