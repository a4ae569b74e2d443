import { setTimeout as delay } from 'node:timers/promises'
import { now } from './clock.js'

/** Long enough for a worker to go to sleep, and never in step with anything. */
const PAUSE_MS = { least: 5, most: 25 }
/** Not counted: until everything is compiled and connected. */
const WARM_UP = 5

/** @param {import('../../queues/job-queue.js').JobQueue} queue */
export function latencies(queue) {
  /** @type {Map<number, (at: number) => void>} */
  const waiting = new Map()
  let number = 0

  async function once() {
    const mine = number++
    /** @type {Promise<number>} */
    const handled = new Promise((resolve) => waiting.set(mine, resolve))
    const calledAt = now()
    await queue.enqueue(mine)
    const handledAt = await handled
    waiting.delete(mine)
    return handledAt - calledAt
  }

  return {
    /**
     * From the call that enqueues a job for an idle worker of the same process to its handler: ms, as many as come within the limit,
     * one at least.
     *
     * @param {{ count: number, concurrency: number, limitMs: number }} how
     */
    latencies: async ({ count, concurrency, limitMs }) => {
      await queue.prepare()
      const stop = await queue.work((handled) => waiting.get(handled)?.(now()), concurrency)
      const seen = []
      const from = performance.now()
      while (seen.length < count + WARM_UP && (seen.length === 0 || performance.now() - from < limitMs)) {
        await delay(PAUSE_MS.least + Math.random() * (PAUSE_MS.most - PAUSE_MS.least))
        seen.push(await once())
      }
      await stop()
      return seen.slice(Math.min(WARM_UP, seen.length - 1))
    },
  }
}
