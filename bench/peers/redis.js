import { randomUUID } from 'node:crypto'
import { connectRedis } from './connect-redis.js'

/** Also of redlock. */
export const LEASE_MS = 10_000
const RELEASE = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end`

/**
 * What is done by hand on one Redis: SET NX PX, and a script that deletes what is still one's own. Unfenced; it does not wait.
 *
 * @param {import('./locker.js').Endpoints} endpoints
 * @returns {Promise<import('./locker.js').Locker>}
 */
export async function openRedis({ redis }) {
  const [port = 0] = redis
  const client = await connectRedis(port)
  client.defineCommand('release', { numberOfKeys: 1, lua: RELEASE })
  return {
    lock: async (index) => {
      const name = `bench:${index}`
      const owner = randomUUID()
      const answer = await client.set(name, owner, 'PX', LEASE_MS, 'NX')
      if (answer !== 'OK') throw new Error(`${name} is taken`)
      return () => client.release(name, owner)
    },
    close: () => client.quit(),
  }
}
