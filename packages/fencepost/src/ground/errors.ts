import type { Holder } from './holder.ts'
import { describeHolder } from './holder.ts'

/** What every error of this library extends. `code` is stable; the message is for people. */
export abstract class FencepostError extends Error {
  abstract readonly code: string

  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
  }
}

/** The lock was not granted in time. Nothing is held and nothing will be granted later; retrying is safe. */
export class LockTimeoutError extends FencepostError {
  readonly code = 'LOCK_TIMEOUT'
  readonly lockName: string
  readonly waitedMs: number
  /** Who held it when the wait ended; null if it was free by then or could not be asked. */
  readonly holder: Holder | null
  /** How many others waited for it then; 0 also if they could not be counted. */
  readonly waiting: number

  constructor(lockName: string, waitedMs: number, { holder, waiting }: Pick<LockTimeoutError, 'holder' | 'waiting'>) {
    const line = waiting === 0 ? '' : `; ${waiting} ${waiting === 1 ? 'waits' : 'wait'} for it`
    super(`lock "${lockName}" was not granted within ${Math.round(waitedMs)} ms; ${describeHolder(holder)}${line}`)
    this.lockName = lockName
    this.waitedMs = waitedMs
    this.holder = holder
    this.waiting = waiting
  }
}

/** One of those that wait for each other. */
export interface Waiting {
  /** The lock it waits for. */
  readonly name: string
  readonly application: string
  readonly host: string
  /** Process id on `host`. */
  readonly process: number
}

/**
 * The wait would never end: the callback it happens in holds the lock already, or holds one that somebody waits for who holds this one.
 * Nothing more is held than before; let the error end the callback, which lets go of what the others wait for, then retry.
 */
export class DeadlockError extends FencepostError {
  readonly code = 'DEADLOCK'
  readonly lockName: string
  /** Who waits for whom, this call first: each holds what the one before it waits for. Empty if it is this call alone. */
  readonly ring: readonly Waiting[]

  constructor(lockName: string, ring: readonly Waiting[], selfWait = SELF_WAIT) {
    super(`lock "${lockName}" would never be granted: ${ring.length === 0 ? selfWait : describeRing(ring)}`)
    this.lockName = lockName
    this.ring = ring
  }
}

const SELF_WAIT =
  'the callback that asks for it holds it; do not lock it twice, or pass { reentrant: true } and the callback form ' +
  '(a shared lock cannot be made exclusive)'

function describeRing(ring: readonly Waiting[]): string {
  const waits = ring.map(
    ({ name, application, host, process }) => `${application} on ${host} (pid ${process}) waits for "${name}"`,
  )
  return `${waits.join(', whose holder ')}, whose holder is the first of them`
}

/**
 * The connection that held the lock is over, or somebody took the lock away (`EvictedError`): the server has let go of it or is about to.
 * Stop working: somebody else may hold the lock. Guarded writes are refused from now on.
 */
export class LockLostError extends FencepostError {
  readonly code = 'LOCK_LOST'
  readonly lockName: string

  constructor(lockName: string, cause: Error) {
    super(`lock "${lockName}" was lost: ${cause.message}`, { cause })
    this.lockName = lockName
  }
}

/** The handle was used after its release. Nothing was sent; take the lock again. */
export class LockReleasedError extends FencepostError {
  readonly code = 'LOCK_RELEASED'
  readonly lockName: string

  constructor(lockName: string) {
    super(`lock "${lockName}" has been released; take it again before you guard or begin a transaction`)
    this.lockName = lockName
  }
}

/**
 * The database refused a write because the lock is no longer held, and somebody else may have it (SQLSTATE LK001).
 * The transaction is undone. Do not retry with this lock; take it again and look at what the other one did.
 */
export class StaleTokenError extends FencepostError {
  readonly code = 'STALE_TOKEN'
  readonly lockName: string
  readonly token: number

  constructor(lockName: string, token: number, cause: Error, detail = '') {
    super(`token ${token} of lock "${lockName}" is stale, the write was refused. ${detail}`.trimEnd(), { cause })
    this.lockName = lockName
    this.token = token
  }
}

/** `close()` was called: nothing can be locked with this instance any more. */
export class ClosedError extends FencepostError {
  readonly code = 'CLOSED'

  constructor() {
    super('this fencepost has been closed; make a new one')
  }
}
