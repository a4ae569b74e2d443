import * as library from 'fencepost'
import pg from 'pg'
import { NAME } from './job-queue.js'

// Untyped, so that this can be read before the library knows of jobs.
const { defineJob, fencepost } = /** @type {any} */ (library)

/**
 * The public API with its default settings.
 *
 * @param {import('./job-queue.js').Endpoints} endpoints
 * @returns {Promise<import('./job-queue.js').JobQueue>}
 */
export async function openFencepost({ postgres }) {
  const fp = fencepost(postgres, { application: `bench ${process.pid}` })
  await fp.migrate()
  const client = new pg.Client({ connectionString: postgres })
  await client.connect()
  /** @type {import('./job-queue.js').Handler | undefined} */
  let handle
  const job = defineJob({ name: NAME, run: (/** @type {{ number: number }} */ { number }) => handle?.(number) })
  return {
    prepare: () => client.query('truncate fencepost.jobs, fencepost.finished_jobs, fencepost.job_logs'),
    enqueue: (number) => fp.enqueue(job, { number }),
    enqueueBatch: (numbers) =>
      fp.enqueueMany(
        job,
        numbers.map((number) => ({ number })),
      ),
    analyze: () => client.query('analyze fencepost.jobs'),
    work: async (handler, concurrency) => {
      handle = handler
      const worker = fp.worker([job], { concurrency })
      return () => worker.stop()
    },
    isDone: async () => {
      const { rows } = await client.query('select not exists (select from fencepost.jobs) as done')
      return rows[0].done
    },
    close: async () => {
      await fp.close()
      await client.end()
    },
  }
}
