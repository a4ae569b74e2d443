import { setTimeout as delay } from 'node:timers/promises'
import { now } from './clock.js'

/** @type {() => any} */
const NOTHING = () => {}

/** @param {import('../../queues/job-queue.js').JobQueue} queue */
export function rescuing(queue) {
  /** When each was begun here first. @type {Map<number, number>} */
  const begun = new Map()
  let wanted = Infinity
  let tell = NOTHING
  /** @type {() => Promise<unknown>} */
  let stop = NOTHING

  return {
    /** Enqueues so many jobs, begins them all and ends none. @param {number} count */
    hold: async (count) => {
      await queue.enqueueBatch(Array.from({ length: count }, (_, number) => number))
      await new Promise((/** @type {(value?: unknown) => void} */ resolve, reject) => {
        let running = 0
        const never = async () => {
          if (++running === count) resolve()
          await new Promise(() => {})
        }
        queue.work(never, count).catch(reject)
      })
    },

    /** Works, and notes when each job was begun. @param {number} concurrency */
    watch: async (concurrency) => {
      begun.clear()
      const note = (/** @type {number} */ number) => {
        if (!begun.has(number)) begun.set(number, now())
        if (begun.size >= wanted) tell()
      }
      stop = await queue.work(note, concurrency)
    },

    /** When the first and the last of so many jobs were begun here. @param {number} count @param {number} limitMs @throws if some were not */
    begun: async (count, limitMs) => {
      const all = new Promise((/** @type {(value?: unknown) => void} */ resolve) => (tell = resolve))
      wanted = count
      if (begun.size < wanted) await Promise.race([all, delay(limitMs, undefined, { ref: false })])
      if (begun.size < count)
        throw new Error(`within ${limitMs} ms only ${begun.size} of ${count} jobs were begun again`)
      await stop()
      return { firstAt: Math.min(...begun.values()), lastAt: Math.max(...begun.values()) }
    },
  }
}
