/** So that compiled code, caches and plans are as they are in the middle of work. */
const LEAD_IN_MS = 100

/** @param {import('../../queues/job-queue.js').JobQueue} queue */
export function enqueueing(queue) {
  let number = 0

  /** @param {{ callers: number, size: number, ms: number }} how */
  async function run({ callers, size, ms }) {
    const from = performance.now()
    let done = 0
    const caller = async () => {
      while (performance.now() - from < ms) {
        await (size === 1 ? queue.enqueue(number++) : queue.enqueueBatch(Array.from({ length: size }, () => number++)))
        done += size
      }
    }
    await Promise.all(Array.from({ length: callers }, caller))
    return (done / (performance.now() - from)) * 1000
  }

  return {
    /** Enqueues into an empty queue, each caller one call after the other; jobs a second. @param {{ callers: number, size: number, ms: number }} how */
    enqueue: async (how) => {
      await queue.prepare()
      await run({ ...how, ms: LEAD_IN_MS })
      const rate = await run(how)
      await queue.prepare()
      return rate
    },
  }
}
