import { createRequire } from 'node:module'
import { connectRedis } from './connect-redis.js'
import { LEASE_MS } from './redis.js'

/**
 * Redlock 5 with its default settings on five servers. Unfenced.
 *
 * @param {import('./locker.js').Endpoints} endpoints
 * @returns {Promise<import('./locker.js').Locker>}
 */
export async function openRedlock({ redis }) {
  const { default: Redlock } = createRequire(import.meta.url)('redlock')
  const clients = await Promise.all(redis.slice(1).map((port) => connectRedis(port)))
  const redlock = new Redlock(clients)
  return {
    lock: async (index) => {
      const lock = await redlock.acquire([`bench:${index}`], LEASE_MS)
      return () => lock.release()
    },
    close: () => redlock.quit(),
  }
}
