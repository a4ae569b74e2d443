import pg from 'pg'
import { NAME } from './job-queue.js'
import { settings } from './settings.js'

// A name that the compiler does not look for: the package is installed for a run of the benchmarks only.
const PACKAGE = /** @type {string} */ ('graphile-worker')

// It would print a line for each job, which its own performance test does without too.
process.env['NO_LOG_SUCCESS'] = '1'

/**
 * @param {import('./job-queue.js').Endpoints} endpoints
 * @param {import('./job-queue.js').Subject} subject which of its settings
 * @returns {Promise<import('./job-queue.js').JobQueue>}
 */
export async function openGraphileWorker({ postgres }, subject) {
  const { Logger, makeWorkerUtils, run } = await import(PACKAGE)
  const own = /** @type {Record<string, object>} */ (settings)[subject]
  // Of its own: what one leaves over at its limit is not another's to work off.
  const schema = subject.replaceAll(/\W/g, '_')
  const worker = { connectionString: postgres, schema, logger: new Logger(() => () => {}), ...own }
  const utils = await makeWorkerUtils({ preset: { worker } })
  await utils.migrate()
  const client = new pg.Client({ connectionString: postgres })
  await client.connect()
  return {
    prepare: () => client.query(`truncate ${schema}._private_jobs`),
    enqueue: (number) => utils.addJob(NAME, { number }),
    enqueueBatch: (numbers) => utils.addJobs(numbers.map((number) => ({ identifier: NAME, payload: { number } }))),
    analyze: () => client.query(`analyze ${schema}._private_jobs`),
    work: async (handler, concurrency) => {
      const taskList = { [NAME]: async (/** @type {any} */ { number }) => await handler(number) }
      const preset = { worker: { ...worker, concurrentJobs: concurrency } }
      const runner = await run({ preset, taskList, noHandleSignals: true })
      return () => runner.stop()
    },
    isDone: async () => {
      const { rows } = await client.query(`select not exists (select from ${schema}._private_jobs) as done`)
      return rows[0].done
    },
    close: async () => {
      await utils.release()
      await client.end()
    },
  }
}
