import type { Lock } from '../locks/lock.ts'
import type { LockSet } from '../locks/lock-set.ts'
import { sessionsOf } from './sessions-of.ts'

/**
 * For tests: ends a lock on the server as the death of its holder does, its backend being terminated. Resolves when somebody else can be granted
 * it, and `lock.signal` has aborted. All locks on the same connection end with it. Does nothing if it is lost already.
 *
 * @throws {TypeError} for what is no lock, and for what is frozen.
 */
export async function expire(held: Lock | LockSet): Promise<void> {
  await Promise.all(sessionsOf(held).map(async (session) => await session.die()))
}
