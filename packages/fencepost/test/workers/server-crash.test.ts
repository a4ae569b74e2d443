import { defineJob, fencepost } from 'fencepost'
import pg from 'pg'
import { expect, test } from 'vitest'
import { ownServer } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'

const ATTEMPTS = 3

test('H22, P9: a job that crashes the server uses up an attempt each time, under tokens that rise, and ends dead; the others are done', async () => {
  // What is answered is on disk, as it is by default: an attempt that nobody knows of any more would not count.
  await using server = await ownServer({ synchronous_commit: 'on' })
  await using fp = fencepost(server.url)
  await fp.migrate()
  const tokens: number[] = []
  const done: number[] = []
  const bomb = defineJob({
    name: 'bomb',
    retry: { attempts: ATTEMPTS },
    async run(_: unknown, job) {
      tokens.push(job.token)
      await server.restart('crash')
      await new Promise((_resolve, reject) => job.signal.addEventListener('abort', () => reject(job.signal.reason)))
    },
  })
  const quick = defineJob({
    name: 'quick',
    async run(number: number, job) {
      await job.transaction(async () => {})
      done.push(number)
    },
  })
  const all = Array.from({ length: 50 }, (_, number) => number)
  await fp.enqueueMany(quick, all.slice(0, 25))
  const { id } = await fp.enqueue(bomb, null)
  await fp.enqueueMany(quick, all.slice(25))
  await using worker = fp.worker([bomb, quick], { concurrency: 5, onError: () => {} })
  const dead = await eventually(async () => {
    const client = new pg.Client(server.url)
    client.on('error', () => {})
    try {
      await client.connect()
      const { rows } = await client.query(
        `select finished.id::integer, state, attempt, crashes, error from fencepost.finished_jobs as finished
        where not exists (select from fencepost.jobs)`,
      )
      return rows.length > 0 && rows
    } catch {
      return false
    } finally {
      await client.end().catch(() => {})
    }
  })
  expect(dead).toEqual([
    { id, state: 'dead', attempt: ATTEMPTS, crashes: ATTEMPTS, error: expect.stringMatching(/^its worker died/) },
  ])
  expect(tokens).toHaveLength(ATTEMPTS)
  expect(tokens.every((token, i) => i === 0 || token > (tokens[i - 1] ?? 0))).toBe(true)
  expect(new Set(done)).toEqual(new Set(all))
  await worker.stop()
}, 120_000)
