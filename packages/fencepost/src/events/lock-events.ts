import type { Mode } from '../ground/mode.ts'

/** Which lock an event is about. */
export interface OfLock {
  readonly name: string
  readonly namespace: string
  readonly mode: Mode
}

/** The same of one acquisition. */
export interface OfHeld extends OfLock {
  readonly token: number
}

/** A lock is not free at once: its caller stands in line now, and who calls later is served later. */
export type WaitingEvent = OfLock

/** A lock was granted. */
export interface AcquiredEvent extends OfHeld {
  /** From the call to the grant, connecting included. */
  readonly waitedMs: number
}

/** A lock was given back. */
export interface ReleasedEvent extends OfHeld {
  readonly heldMs: number
}

/** The connection that held a lock is over, or the lock was evicted; no `released` follows. */
export interface LostEvent extends OfHeld {
  readonly heldMs: number
  /** The `LockLostError` that `lock.signal` aborts with; its own cause says what ended the connection, or who evicted it. */
  readonly cause: Error
}

/** The database refused a write under a lock that is no longer held. Worth an alert: it would have gone through without the fence. */
export interface RefusedEvent extends OfHeld {
  /** The `StaleTokenError` its caller is given. */
  readonly cause: Error
}

/** What happens to locks, by the word `fp.on` knows it by; its channel is `fencepost:<word>`. */
export interface LockEvents {
  readonly waiting: WaitingEvent
  readonly acquired: AcquiredEvent
  readonly released: ReleasedEvent
  readonly lost: LostEvent
  readonly refused: RefusedEvent
}
