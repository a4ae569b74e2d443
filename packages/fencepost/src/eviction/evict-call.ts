import { checkLockable, type Lockable, nameOf } from '../ground/foreign-key.ts'
import { evict, type Evictor } from './evict.ts'
import { type EvictionReport, type EvictOptions, parseEvictOptions } from './eviction-options.ts'

/**
 * Takes the lock away from whoever holds it: asks the holder to let go of this one name, and ends its backend if it has not after `grace`.
 * From the start its guarded writes wait, and then they are refused; when this returns, nothing is committed under its token any more.
 * Whoever is first in line is granted the lock next. A holder that came after the one that was meant is left alone.
 *
 * @throws {MissingPrivilegeError} unless the role was granted the right to execute the procedure `evict`.
 * @throws {EvictionFailedError} if the holder has no token, or may not be ended by this role: it may still hold the lock.
 */
export type EvictCall = (name: Lockable, options?: EvictOptions) => Promise<EvictionReport>

/** `fp.evict`. */
export function evictCall(evictor: Evictor): EvictCall {
  return async (name, options = {}) => {
    checkLockable(name)
    return await evict(evictor, nameOf(name), parseEvictOptions(options))
  }
}
