import { setTimeout as delay } from 'node:timers/promises'

const BATCH = 500
const SETTLED_WITHIN_MS = 10_000

/** @param {import('../../queues/job-queue.js').JobQueue} queue */
export function draining(queue) {
  let next = 0

  return {
    /** Empties the queue. */
    prepare: async () => {
      await queue.prepare()
    },

    /**
     * Enqueues so many jobs and works them off, but for no longer than the limit. Jobs a second, from the first that is handled
     * to where it is written that all are done, or to the limit.
     *
     * @param {{ count: number, concurrency: number, limitMs: number }} how
     * @throws if a job is handled twice, or the queue is empty and one was not
     */
    drain: async ({ count, concurrency, limitMs }) => {
      const first = next
      next += count
      for (let from = first; from < next; from += BATCH) {
        await queue.enqueueBatch(Array.from({ length: Math.min(BATCH, next - from) }, (_, i) => from + i))
      }
      await queue.analyze?.()
      const handled = new Handled(first, count)
      const stop = await queue.work((number) => handled.add(number), concurrency)
      await Promise.race([handled.all, delay(limitMs, undefined, { ref: false })])
      const { isWhole } = handled
      // What was handled is not done yet: that has to be written, and to stay.
      if (isWhole) await settled(queue)
      const ms = performance.now() - handled.firstAt
      const { done } = handled
      await stop()
      handled.check()
      return { rate: (done / ms) * 1000, done, isWhole }
    },
  }
}

/** @param {import('../../queues/job-queue.js').JobQueue} queue */
async function settled(queue) {
  const end = performance.now() + SETTLED_WITHIN_MS
  while (!(await queue.isDone())) {
    if (performance.now() > end) throw new Error('all jobs were handled, but the queue does not become empty')
  }
}

/** Which jobs have been handled, each of which should be once. Others, which an earlier limit left over, come before the first. */
class Handled {
  done = 0
  firstAt = performance.now()
  /** @readonly @type {Promise<void>} */
  all
  #first
  #left
  #times
  #twice = 0
  #end = () => {}

  /** @param {number} first @param {number} count */
  constructor(first, count) {
    this.#first = first
    this.#left = count
    this.#times = new Uint8Array(count)
    this.all = new Promise((resolve) => (this.#end = resolve))
  }

  get isWhole() {
    return this.#left === 0
  }

  /** @param {number} number */
  add(number) {
    if (this.done === 0) this.firstAt = performance.now()
    this.done++
    const place = number - this.#first
    if (place < 0) return
    if (this.#times[place] !== 0) this.#twice++
    else this.#left--
    this.#times[place] = 1
    if (this.isWhole) this.#end()
  }

  check() {
    if (this.#twice > 0)
      throw new Error(`${this.#twice} times a job was handled that had been, or that nobody enqueued`)
  }
}
