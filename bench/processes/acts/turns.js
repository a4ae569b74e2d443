import { setTimeout as delay } from 'node:timers/promises'
import { now } from './clock.js'

const HOT = 0

/** @param {import('../../peers/locker.js').Locker} locker */
export function turns(locker) {
  /** @type {Promise<number>} */
  let letGo = Promise.resolve(0)

  return {
    /** Takes the hot lock and lets go of it by itself after a while. @param {number} holdMs */
    take: async (holdMs) => {
      const calledAt = now()
      const release = await locker.lock(HOT)
      const grantedAt = now()
      letGo = delay(holdMs).then(async () => {
        const releasedAt = now()
        await release()
        return releasedAt
      })
      letGo.catch(() => {})
      return { calledAt, grantedAt }
    },

    /** When the release of the last `take` was called. */
    letGo: () => letGo,

    /** Takes the hot lock and keeps it. */
    hold: async () => {
      await locker.lock(HOT)
    },
  }
}
