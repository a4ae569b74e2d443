import { type Contender, TTL_MS } from '../contender.ts'
import { connectRedis } from './connect-redis.ts'

interface Lock4 {
  extend(ttlMs: number): Promise<Lock4>
  unlock(): Promise<unknown>
}

/** What is used of redlock 4. */
type Redlock4 = new (clients: readonly unknown[]) => {
  on(event: 'clientError', listener: () => void): unknown
  lockWithOptions(name: string, ttlMs: number, options: object): Promise<Lock4>
  quit(): Promise<unknown>
}

export const redlock4: Contender = {
  name: 'redlock-4',
  about: 'redlock 4.2.0 on five Redis: lock, extended in time by its holder, unlock; it does not look before it writes',
  servers: ['five-redis'],
  packages: ['redlock-4', 'ioredis'],
  settings: {
    ttl: `${TTL_MS} ms`,
    extend: `each ${TTL_MS / 2} ms`,
    'retryCount of the wait': -1,
    retryDelay: '200 ms',
    driftFactor: 0.01,
  },
  async open({ redis, ttlMs, load }) {
    const clients = await Promise.all(redis.map((server) => connectRedis(load, server)))
    const redlock = new (load('redlock-4') as Redlock4)(clients)
    redlock.on('clientError', () => {})
    return {
      async hold(name, work) {
        // It is to wait as long as it takes, instead of ten times.
        let lock = await redlock.lockWithOptions(name, ttlMs, { retryCount: -1 })
        // Extending fails when the lock is lost; there is nobody whom its documentation would have told.
        const extend = async () => {
          lock = await lock.extend(ttlMs).catch(() => lock)
        }
        const timer = setInterval(() => void extend(), ttlMs / 2)
        try {
          await work({})
        } finally {
          clearInterval(timer)
        }
        await lock.unlock()
      },
      close: () => redlock.quit(),
    }
  },
}
