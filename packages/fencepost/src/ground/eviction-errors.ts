import { FencepostError } from './errors.ts'

/**
 * Somebody took the lock away with `fp.evict` or `call fencepost.evict`: the cause of the `LockLostError` its holder is told.
 * Only this lock was let go of. Find out why before you take it again.
 */
export class EvictedError extends FencepostError {
  readonly code = 'EVICTED'
  /** The database role of whoever did it, and what its connection calls itself. */
  readonly role: string
  readonly application: string

  constructor({ role, application }: Pick<EvictedError, 'role' | 'application'>) {
    super(`it was taken away by role "${role}" (${application || 'an unnamed application'})`)
    this.role = role
    this.application = application
  }
}

/**
 * The lock could not be taken away (SQLSTATE LK008): it was not taken through fencepost, the role may not end the backend that
 * holds it, or that backend hangs. Its holder may still hold it; the message and `hint` say what to do.
 */
export class EvictionFailedError extends FencepostError {
  readonly code = 'EVICTION_FAILED'
  readonly lockName: string
  readonly hint: string

  constructor(lockName: string, cause: Error & { detail?: string; hint?: string }) {
    super([cause.message, cause.detail, cause.hint].filter((part) => part !== undefined).join('. '), { cause })
    this.lockName = lockName
    this.hint = cause.hint ?? ''
  }
}
