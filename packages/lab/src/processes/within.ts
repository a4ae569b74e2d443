import { setTimeout as pause } from 'node:timers/promises'

/** What `work` comes to; undefined if it takes longer. It is not stopped. */
export async function within<T>(limitMs: number, work: Promise<T>): Promise<T | undefined> {
  const over = new AbortController()
  const late = pause(limitMs, undefined, { signal: over.signal }).catch(() => undefined)
  try {
    return await Promise.race([work, late])
  } finally {
    over.abort()
  }
}
