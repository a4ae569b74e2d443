import { setTimeout as pause } from 'node:timers/promises'
import { type Contender, type Grant, type Place, TTL_MS } from '../contender.ts'
import { connectRedis } from './connect-redis.ts'

/** Of `using`: so long before the end of the lease it is extended. */
const THRESHOLD_MS = 500
const RETRY = { delayMs: 200, jitterMs: 100 }
const SETTINGS = {
  ttl: `${TTL_MS} ms`,
  retryCount: '0, and tried again from outside',
  retryDelay: `${RETRY.delayMs} ms`,
  retryJitter: `${RETRY.jitterMs} ms`,
}

export const redlock5: Contender = {
  name: 'redlock-5',
  about: 'redlock 5.0.0-beta.2 on five Redis: using() with its extension, signal.aborted looked at before the write',
  servers: ['five-redis'],
  packages: ['redlock-5', 'ioredis'],
  settings: { ...SETTINGS, automaticExtensionThreshold: `${THRESHOLD_MS} ms` },
  open: (place) =>
    openRedlock(place, (redlock, name, work) =>
      redlock.using([name], place.ttlMs, ONE_TRY, (signal: AbortSignal) => work({ stillHeld: () => !signal.aborted })),
    ),
}

export const redlock5Expiration: Contender = {
  name: 'redlock-5-expiration',
  about:
    'redlock 5.0.0-beta.2 on five Redis: acquire, lock.expiration compared with the clock before the write, release',
  servers: ['five-redis'],
  packages: ['redlock-5', 'ioredis'],
  settings: { ...SETTINGS, driftFactor: 0.01 },
  open: (place) =>
    openRedlock(place, async (redlock, name, work) => {
      const lock = await redlock.acquire([name], place.ttlMs, ONE_TRY)
      await work({ stillHeld: () => Date.now() < lock.expiration })
      await lock.release()
    }),
}

/**
 * It counts a lease from the first of its own tries: whoever waited for as long as the lease lasts would be granted one that
 * has expired by its own account. So we try again, and it does not.
 */
const ONE_TRY = { retryCount: 0 }

/** What is used of redlock 5. */
interface Redlock {
  on(event: 'error', listener: () => void): unknown
  using(
    names: string[],
    ttlMs: number,
    settings: object,
    work: (signal: AbortSignal) => Promise<void>,
  ): Promise<unknown>
  acquire(names: string[], ttlMs: number, settings: object): Promise<Lease>
  quit(): Promise<unknown>
}

interface Lease {
  readonly expiration: number
  release(): Promise<unknown>
}

type Once = (redlock: Redlock, name: string, work: (grant: Grant) => Promise<void>) => Promise<unknown>

async function openRedlock({ redis, load }: Place, once: Once) {
  const clients = await Promise.all(redis.map((server) => connectRedis(load, server)))
  const { default: Redlock5 } = load('redlock-5') as { default: new (clients: unknown[], settings: object) => Redlock }
  const redlock = new Redlock5(clients, { automaticExtensionThreshold: THRESHOLD_MS })
  redlock.on('error', () => {})
  return {
    async hold(name: string, work: (grant: Grant) => Promise<void>) {
      let isGranted = false
      const tryOnce = async (grant: Grant) => {
        isGranted = true
        await work(grant)
      }
      for (;;) {
        try {
          await once(redlock, name, tryOnce)
          return
        } catch (error) {
          if (isGranted) throw error
          await pause(RETRY.delayMs + (Math.random() * 2 - 1) * RETRY.jitterMs)
        }
      }
    },
    close: () => redlock.quit(),
  }
}
