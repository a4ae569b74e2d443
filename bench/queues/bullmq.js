import { NAME } from './job-queue.js'
import { settings } from './settings.js'

// A name that the compiler does not look for: the package is installed for a run of the benchmarks only.
const PACKAGE = /** @type {string} */ ('bullmq')

/**
 * @param {import('./job-queue.js').Endpoints} endpoints
 * @param {import('./job-queue.js').Subject} subject which of its servers
 * @returns {Promise<import('./job-queue.js').JobQueue>}
 */
export async function openBullmq({ bullmq }, subject) {
  const { Queue, Worker } = await import(PACKAGE)
  const server = subject === 'bullmq' ? 'bullmq' : 'bullmq always'
  // What its documentation asks for of the connections of workers.
  const connection = { host: '127.0.0.1', port: bullmq[server], maxRetriesPerRequest: null }
  const queue = new Queue(NAME, { connection, defaultJobOptions: settings[server].jobs })
  await queue.waitUntilReady()
  return {
    prepare: () => queue.drain(true),
    enqueue: (number) => queue.add(NAME, { number }),
    enqueueBatch: (numbers) => queue.addBulk(numbers.map((number) => ({ name: NAME, data: { number } }))),
    work: async (handler, concurrency) => {
      const run = async (/** @type {any} */ { data }) => await handler(data.number)
      const worker = new Worker(NAME, run, { connection, concurrency })
      await worker.waitUntilReady()
      return () => worker.close()
    },
    isDone: async () => {
      const counts = await queue.getJobCounts('wait', 'active', 'paused')
      return Object.values(counts).every((count) => count === 0)
    },
    close: () => queue.close(),
  }
}
