import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { type Contender, TTL_MS } from '../contender.ts'
import { connectRedis } from './connect-redis.ts'

const RETRY_MS = 50
/** From the pattern of the SET command's page: only what is still one's own is deleted. */
const RELEASE = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end`

export const setNx: Contender = {
  name: 'redis-set-nx',
  about: 'one Redis, SET key random NX PX ttl, and a script that deletes only its own (redis.io, SET)',
  servers: ['redis'],
  packages: ['ioredis'],
  settings: { ttl: `${TTL_MS} ms`, retry: `${RETRY_MS} ms` },
  async open({ redis: [server], ttlMs, load }) {
    const client = await connectRedis(load, server)
    return {
      async hold(name, work) {
        const owner = randomUUID()
        while ((await client.set(name, owner, 'PX', ttlMs, 'NX')) !== 'OK') await pause(RETRY_MS)
        await work({})
        await client.eval(RELEASE, 1, name, owner)
      },
      close: () => client.quit(),
    }
  },
}
