import { FencepostError } from './errors.ts'

/** What a transaction belongs to: the lock of this name, or the job it completes. */
export type TransactionOwner = string | { readonly id: number; readonly name: string }

abstract class TransactionError extends FencepostError {
  /** Null for a job transaction. */
  readonly lockName: string | null
  /** Null for a transaction under a lock. */
  readonly jobId: number | null

  constructor(owner: TransactionOwner, message: string, options?: ErrorOptions) {
    super(message, options)
    this.lockName = typeof owner === 'string' ? owner : null
    this.jobId = typeof owner === 'string' ? null : owner.id
  }
}

/**
 * The connection broke while COMMIT was under way: it was done or it was not. Or the wait for a synchronous standby was cut off: it
 * was done here, and is lost if that standby takes over. Look before you do it again. A job is completed if it was done, and only then.
 */
export class CommitUncertainError extends TransactionError {
  readonly code = 'COMMIT_UNCERTAIN'

  constructor(owner: TransactionOwner, cause: Error) {
    const message =
      `COMMIT ${describe(owner)} was cut off: whether it was done, and stays, is not known; ` +
      `look for its effects before you repeat it (${cause.message})`
    super(owner, message, { cause })
  }
}

/** The connection of a transaction broke before its COMMIT was sent: nothing was committed. */
export class TransactionLostError extends TransactionError {
  readonly code = 'TRANSACTION_LOST'

  constructor(owner: TransactionOwner, cause: Error) {
    const message = `the transaction ${describe(owner)} ended before COMMIT, nothing was written: ${cause.message}`
    super(owner, message, { cause })
  }
}

/**
 * A query was sent on the handle of a transaction whose function was done: the transaction is committed or rolled back. The query was
 * not sent. Let the function wait for all it begins, with `Promise.allSettled` where one of several may fail.
 */
export class TransactionOverError extends TransactionError {
  readonly code = 'TRANSACTION_OVER'

  constructor(owner: TransactionOwner) {
    const message =
      `the transaction ${describe(owner)} is over, the query was not sent; ` +
      'let its function wait for every query before it returns or throws'
    super(owner, message)
  }
}

/**
 * The function of a transaction sent BEGIN, COMMIT or ROLLBACK of its own: what it wrote before its COMMIT is written, unguarded, and so is
 * what it wrote after it outside of a transaction; the rest is undone. Use savepoints in it, and throw to roll back.
 */
export class TransactionCutError extends TransactionError {
  readonly code = 'TRANSACTION_CUT'

  constructor(owner: TransactionOwner, cause: Error) {
    const message =
      `the transaction ${describe(owner)} was ended by its own function, and what that wrote was not guarded; ` +
      'do not send BEGIN, COMMIT or ROLLBACK in it: use savepoints, and throw to roll back'
    super(owner, message, { cause })
  }
}

function describe(owner: TransactionOwner): string {
  return typeof owner === 'string' ? `under lock "${owner}"` : `of job ${owner.id} (${owner.name})`
}
