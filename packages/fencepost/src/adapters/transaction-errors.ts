import { FencepostError } from '../ground/errors.ts'

/**
 * What was passed is not inside an open transaction, so there is nothing that a guard could keep from committing. Nothing
 * was guarded or locked.
 */
export class NotInTransactionError extends FencepostError {
  readonly code = 'NOT_IN_TRANSACTION'

  constructor(advice: string, options?: ErrorOptions) {
    super(`there is no open transaction: ${advice}`, options)
  }
}

/**
 * A transaction lock was asked for at REPEATABLE READ or SERIALIZABLE, whose snapshot may miss what the last holder wrote
 * (SQLSTATE LK002). Nothing was locked, the transaction cannot go on. `fp.transaction` takes the lock before it begins.
 */
export class WrongIsolationError extends FencepostError {
  readonly code = 'WRONG_ISOLATION'
  readonly lockName: string

  constructor(lockName: string, cause: Error) {
    super(
      `lock "${lockName}" can be taken in a READ COMMITTED transaction only; ` +
        `use fp.transaction('${lockName}', { isolation }, …), which takes it before BEGIN`,
      { cause },
    )
    this.lockName = lockName
  }
}

/** This very connection holds the lock as a session lock (SQLSTATE LK003). The transaction cannot go on. */
export class AlreadyHeldError extends FencepostError {
  readonly code = 'ALREADY_HELD'
  readonly lockName: string

  constructor(lockName: string, cause: Error) {
    super(`lock "${lockName}" is held by this connection already, as a session lock; release it first`, { cause })
    this.lockName = lockName
  }
}

/**
 * Nobody has taken a session lock since the server or the database was started or restored, so no token can be drawn yet
 * (SQLSTATE LK004). Nothing was locked, the transaction cannot go on. Retry after `call fencepost.boot()`; `fp.lockInTransaction` has done that by then.
 */
export class NotBootedError extends FencepostError {
  readonly code = 'NOT_BOOTED'

  constructor(cause: Error) {
    super('no epoch has been raised since the database was started or restored; run: call fencepost.boot()', { cause })
  }
}
