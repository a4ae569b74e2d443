import { defineJob, fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'

const database = await cloneDatabase()
const { admin } = database
afterAll(() => database[Symbol.asyncDispose]())

test('every job is done though the connections of its workers are ended again and again, and none stays behind', async () => {
  const jobs = 4000
  const done = new Set<number>()
  const cut = defineJob({
    name: 'cut',
    queue: 'cut',
    retry: { attempts: 1000 },
    async run(n: number) {
      await new Promise((resolve) => setTimeout(resolve, 4))
      done.add(n)
    },
  })
  await using fp = fencepost(database.url)
  await fp.enqueueMany(
    cut,
    Array.from({ length: jobs }, (_, n) => n),
  )
  await using first = fp.worker([cut], { concurrency: 5, onError: () => {} })
  await using second = fp.worker([cut], { concurrency: 5, onError: () => {} })
  let cuts = 0
  await eventually(async () => {
    const { rowCount } = await admin.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name like '% fencepost' and random() < 0.2`,
    )
    cuts += rowCount ?? 0
    if (done.size >= jobs / 2 || cuts > 25) return true
    await new Promise((resolve) => setTimeout(resolve, 60))
    return false
  })
  await eventually(async () => (await admin.query("select from fencepost.jobs where queue = 'cut'")).rowCount === 0)
  console.log(`${cuts} connections were ended`)
  expect(cuts).toBeGreaterThan(2)
  expect(done.size).toBe(jobs)
  expect((await admin.query("select from fencepost.finished_jobs where queue = 'cut'")).rowCount).toBe(0)
  await Promise.all([first.idle(), second.idle()])
}, 90_000)
