import { TTL_MS } from '../../contenders/contender.ts'
import type { Fault } from '../fault.ts'

export const redisRestart: Fault = {
  name: 'redis-restart',
  about: 'kill -9 of the Redis, or of three of the five, and a restart at once, without persistence',
  moments: ['after-check', 'before-check'],
  stand: 'plain',
  stance: 'waits',
  patienceMs: TTL_MS * 0.6,
  whyNot: ({ servers = [] }) =>
    servers.includes('redis') || servers.includes('five-redis') ? null : 'it has no Redis',
  strike: (stand) =>
    Promise.all(stand.redis.slice(0, Math.ceil(stand.redis.length / 2)).map((server) => server.restart())),
}
