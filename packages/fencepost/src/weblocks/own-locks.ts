import type { Held } from '../inspection/held.ts'
import type { HeldLock, LockSnapshot, PendingLock } from '../inspection/lock-snapshot.ts'

/**
 * Adds what this process knows of its own locks before it is written down: their names, and how many of its callers share one hold of a
 * session of ours on the server.
 */
export function withOwn({ held, pending }: LockSnapshot, own: readonly Held[]): LockSnapshot {
  const byKey = new Map(own.map((lock) => [lock.key, lock]))
  const named = <L extends HeldLock | PendingLock>(lock: L): L => {
    const known = lock.namespace === null && typeof lock.key === 'bigint' ? byKey.get(lock.key) : undefined
    return known === undefined ? lock : { ...lock, name: known.name, namespace: known.namespace }
  }
  return { held: [...held, ...untold(held, own)].map(named), pending: pending.map(named) }
}

/** Those that the server counts as one with another, the youngest of all. */
function untold(held: readonly HeldLock[], own: readonly Held[]): HeldLock[] {
  const here = new Map<string, number>()
  for (const lock of own) here.set(idOf(lock), (here.get(idOf(lock)) ?? 0) + 1)
  const told = new Map<string, HeldLock[]>()
  for (const lock of held) if (here.has(idOf(lock))) told.set(idOf(lock), [...(told.get(idOf(lock)) ?? []), lock])
  return [...told].flatMap(([id, locks]) => {
    const more = Math.max(0, (here.get(id) ?? 0) - locks.length)
    return locks.slice(0, 1).flatMap((lock) => Array.from({ length: more }, () => lock))
  })
}

function idOf({ key, backend }: Pick<HeldLock, 'key' | 'backend'>): string {
  return `${String(key)} ${backend}`
}
