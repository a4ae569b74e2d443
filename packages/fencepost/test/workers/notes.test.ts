import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { enqueue, openDesk, rescue, RESCUE, type TestDesk } from './desk.ts'

type RunningJob = Awaited<ReturnType<TestDesk['claim']>>

const database = await cloneDatabase()
const { admin } = database
afterAll(() => database[Symbol.asyncDispose]())

test('lines that many jobs log in one tick travel in one statement, and each log is in order', async () => {
  await using desk = await openDesk(database.url)
  const sent = countStatements(desk)
  const jobs = await claimAll(desk, 'logs', 20)
  await Promise.all(jobs.flatMap((job) => [job.log(`first ${job.id}`), job.log(`second ${job.id}`)]))
  expect(sent).toEqual({ log_lines: 1 })
  for (const { id } of jobs) expect(await logOf(id)).toEqual([`first ${id}`, `second ${id}`])
})

test('more lines than one statement takes are all logged, in order', async () => {
  await using desk = await openDesk(database.url)
  const job = await claimOne(desk, 'many')
  await Promise.all(Array.from({ length: 1700 }, (_, n) => job.log(String(n))))
  expect(await logOf(job.id)).toEqual(Array.from({ length: 1700 }, (_, n) => String(n)))
})

test('of the progress a job makes in a moment the last value travels, with that of other jobs, and all calls are answered', async () => {
  await using desk = await openDesk(database.url)
  const sent = countStatements(desk)
  const jobs = await claimAll(desk, 'progress', 5)
  await Promise.all(
    jobs.flatMap((job) => Array.from({ length: 1000 }, (_, n) => job.progress({ percent: n / 10, of: job.id }))),
  )
  expect(sent).toEqual({ note_progress: 1 })
  for (const { id } of jobs) expect(await progressOf(id)).toEqual({ percent: 99.9, of: id })
  const [first] = jobs
  await first.progress(undefined)
  expect(await progressOf(first.id)).toBeNull()
})

test('P9: a job that was taken over is refused its line and its progress, and those of others are noted', async () => {
  await using desk = await openDesk(database.url)
  await using other = await openDesk(database.url)
  const [lost, kept] = await claimAll(desk, 'refused', 2)
  await rescue(admin, lost.id)
  const ready = lost.log('while nobody has it')
  await expect(ready).rejects.toThrow(/has been taken over from attempt 1: it is ready after 1 of 5 attempts$/)
  const next = await other.claim('refused')
  expect(next.id).toBe(lost.id)
  const outcomes = await Promise.allSettled([
    lost.log('late'),
    kept.log('mine'),
    lost.progress('late'),
    kept.progress('mine'),
  ])
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected', 'fulfilled'])
  expect(outcomes[0]).toMatchObject({ reason: { code: 'STALE_JOB', jobId: lost.id, attempt: 1 } })
  expect(outcomes[2]).toMatchObject({ reason: { code: 'STALE_JOB' } })
  expect([await logOf(lost.id), await logOf(kept.id)]).toEqual([[], ['mine']])
  expect([await progressOf(lost.id), await progressOf(kept.id)]).toEqual([null, 'mine'])
})

test.each(['commit', 'rollback'])(
  'P9: a line and a take-over do not cross: it waits for its %s, and keeps no other job waiting',
  async (end) => {
    await using desk = await openDesk(database.url)
    const [held, free] = await claimAll(desk, `crossing ${end}`, 2)
    const taker = await admin.connect()
    await taker.query('begin')
    await taker.query(RESCUE, [held.id])
    const order: string[] = []
    const waiting = Promise.allSettled([held.log('a'), held.progress('a')]).then((outcomes) => {
      order.push('held')
      return outcomes.map(({ status }) => status)
    })
    await Promise.all([free.log('b'), free.progress('b')])
    order.push('free')
    await taker.query(end)
    taker.release()
    const status = end === 'commit' ? 'rejected' : 'fulfilled'
    expect(await waiting).toEqual([status, status])
    expect(order).toEqual(['free', 'held'])
    expect(await logOf(held.id)).toEqual(end === 'commit' ? [] : ['a'])
  },
)

test('a line and a progress that nobody waits for break nothing when they are refused', async () => {
  await using desk = await openDesk(database.url)
  const job = await claimOne(desk, 'unasked')
  await rescue(admin, job.id)
  // Vitest fails for a rejection that nobody has handled.
  void job.log('late')
  void job.progress('late')
  await expect(job.log('asked')).rejects.toMatchObject({ code: 'STALE_JOB' })
  await expect(job.progress('asked')).rejects.toMatchObject({ code: 'STALE_JOB' })
})

test('a line is cut at 8 KiB, at a whole character, and NUL does not break it', async () => {
  await using desk = await openDesk(database.url)
  const job = await claimOne(desk, 'long')
  await Promise.all([job.log('x'.repeat(9000)), job.log('€'.repeat(3000)), job.log('💶'.repeat(3000)), job.log('a\0b')])
  expect(await logOf(job.id)).toEqual(['x'.repeat(8192), '€'.repeat(2730), '💶'.repeat(2048), 'a\uFFFDb'])
  await expect(job.log(5 as never)).rejects.toThrow(TypeError)
})

test('progress that cannot be stored is refused to its own job only', async () => {
  await using desk = await openDesk(database.url)
  const [bad, good] = await claimAll(desk, 'bad', 2)
  const outcomes = await Promise.allSettled([bad.progress('a\0b'), good.progress('fine')])
  expect(outcomes[0]).toMatchObject({ reason: expect.any(TypeError) as TypeError })
  expect(outcomes[1]).toMatchObject({ status: 'fulfilled' })
  expect(await progressOf(good.id)).toBe('fine')
  await expect(bad.progress(10n)).rejects.toThrow(/cannot be written as JSON/)
  await expect(bad.progress('x'.repeat(70_000))).rejects.toThrow(/at most 65536/)
})

async function claimOne(desk: TestDesk, queue: string): Promise<RunningJob> {
  await enqueue(admin, queue)
  return await desk.claim(queue)
}

/** Two at least. */
async function claimAll(desk: TestDesk, queue: string, count: number) {
  const jobs: [RunningJob, RunningJob, ...RunningJob[]] = [await claimOne(desk, queue), await claimOne(desk, queue)]
  while (jobs.length < count) jobs.push(await claimOne(desk, queue))
  return jobs
}

/** How often each named statement is sent on the session of a desk from now on. */
function countStatements({ session }: TestDesk): Record<string, number> {
  const counts: Record<string, number> = {}
  const query = session.query.bind(session)
  session.query = async (text, values, name) => {
    if (name !== undefined) counts[name] = (counts[name] ?? 0) + 1
    return await query(text, values, name)
  }
  return counts
}

async function logOf(id: number): Promise<string[]> {
  const { rows } = await admin.query<{ line: string }>(
    'select line from fencepost.job_logs where job = $1 order by id',
    [id],
  )
  return rows.map(({ line }) => line)
}

async function progressOf(id: number): Promise<unknown> {
  return (await admin.query<{ progress: unknown }>('select progress from fencepost.jobs where id = $1', [id])).rows[0]
    ?.progress
}
