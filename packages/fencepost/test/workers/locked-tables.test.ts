import { defineJob, fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'

const database = await cloneDatabase()
const { admin } = database
afterAll(() => database[Symbol.asyncDispose]())

const LOCKS = {
  'the table of jobs, as an index build does,': 'lock table fencepost.jobs in share mode',
  'the mutex of the queue': "select pg_advisory_xact_lock(fencepost.job_key('careful', 'locked'))",
}

for (const [what, lock] of Object.entries(LOCKS)) {
  test(`what runs goes on, and the worker works on, when somebody keeps ${what} for seconds`, async () => {
    await using fp = fencepost(database.url)
    const aborted: unknown[] = []
    const attempts: number[] = []
    const long = defineJob({
      name: 'long',
      queue: 'locked',
      async run(payload: string, job) {
        attempts.push(job.attempt)
        job.signal.addEventListener('abort', () => aborted.push(job.signal.reason))
        if (payload === 'long') await new Promise((resolve) => setTimeout(resolve, 2500))
      },
    })
    await using worker = fp.worker([long], { onError: () => {} })
    await worker.idle()
    await fp.enqueue(long, 'long')
    // It is claimed under the mutex, so it comes after.
    await eventually(async () => attempts.length === 1)
    const client = await admin.connect()
    await client.query('begin')
    await client.query("select fencepost.enqueue('long', '\"short\"', 'locked', group_key => 'g')")
    await client.query('commit')
    await eventually(async () => attempts.length === 2)
    await client.query('begin')
    await client.query(lock)
    if (!lock.includes('table')) {
      await admin.query("select fencepost.enqueue('long', '\"short\"', 'locked', group_key => 'g')")
    }
    await new Promise((resolve) => setTimeout(resolve, 1500))
    await client.query('rollback')
    client.release()
    await fp.enqueue(long, 'short')
    await worker.idle()
    // What ended meanwhile was sent again, and that may have been told.
    expect(aborted).toEqual([])
    expect(new Set(attempts)).toEqual(new Set([1]))
    expect((await admin.query('select from fencepost.jobs')).rowCount).toBe(0)
  }, 20_000)
}
