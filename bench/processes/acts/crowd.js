import { setTimeout as delay } from 'node:timers/promises'
import { now } from './clock.js'

const HOT = 0
const LOOK_MS = 50

/** @param {import('../../peers/locker.js').Locker} locker */
export function crowd(locker) {
  /** @type {import('../../works/count-inversions.js').Waiter[]} */
  let waiters = []
  /** @type {Promise<unknown>} */
  let served = Promise.resolve()
  let restingBytes = 0
  let mostBytes = 0

  // In the order of the calls: that is what is counted below.
  let standing = 0
  locker.onStanding?.(() => {
    const waiter = waiters[standing++]
    if (waiter !== undefined) waiter.standingAt = now()
  })

  /** @param {typeof waiters[number]} waiter */
  async function wait(waiter) {
    const release = await locker.lock(HOT)
    waiter.grantedAt = now()
    await release()
  }

  return {
    /** Calls for the hot lock at times of their own within `overMs`; done when all have called. @param {number} count @param {number} overMs */
    arrive: async (count, overMs) => {
      restingBytes = mostBytes = process.memoryUsage.rss()
      const look = setInterval(() => (mostBytes = Math.max(mostBytes, process.memoryUsage.rss())), LOOK_MS)
      const times = Array.from({ length: count }, () => Math.random() * overMs).toSorted((a, b) => a - b)
      const from = performance.now()
      waiters = []
      standing = 0
      const waits = []
      for (const time of times) {
        const early = time - (performance.now() - from)
        if (early > 0) await delay(early)
        const waiter = { calledAt: now(), standingAt: null, grantedAt: null }
        waiters.push(waiter)
        waits.push(wait(waiter))
      }
      served = Promise.all(waits).finally(() => clearInterval(look))
      served.catch(() => {})
    },

    /** When each called, stood in the line and was granted, in the order of the calls; null for who did not. @param {number} limitMs */
    served: async (limitMs) => {
      await Promise.race([served, delay(limitMs)])
      return {
        waiters,
        grownBytes: mostBytes - restingBytes,
      }
    },
  }
}
