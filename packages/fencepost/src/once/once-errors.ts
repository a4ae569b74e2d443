import { FencepostError, type LockTimeoutError } from '../ground/errors.ts'
import { describeRunner, type OnceRecord } from './once-record.ts'

/**
 * Somebody began it, and whether it was done is not known: the process died, froze, or lost its lock or its database in the middle.
 * Nothing runs it again by itself. Find out, by `record.idempotencyKey`, then settle it with `fp.reconcile`; or pass
 * `onUncertain: 'retry'` if it does nothing twice for one idempotency key.
 */
export class OnceUncertainError extends FencepostError {
  readonly code = 'ONCE_UNCERTAIN'
  readonly record: OnceRecord
  /** In the process that ran it: what it returned, although that could not be recorded. */
  readonly returned: { readonly value: unknown } | null

  constructor(record: OnceRecord, options: ErrorOptions & Partial<Pick<OnceUncertainError, 'returned'>> = {}) {
    const why = options.cause instanceof Error ? ` (${options.cause.message})` : ''
    super(
      `whether once-key "${record.key}" was done is not known: ${describeRunner(record)} and left no outcome${why}; ` +
        `find out by its idempotency key ${record.idempotencyKey}, then call fp.reconcile({ key, as: 'done' | 'failed' | 'retry' })`,
      options,
    )
    this.record = record
    this.returned = options.returned ?? null
  }
}

/** An earlier call ran it and it threw. It was not run again; `onFailed: 'retry'` does that, with the same idempotency key. */
export class OnceFailedError extends FencepostError {
  readonly code = 'ONCE_FAILED'
  readonly record: OnceRecord

  constructor(record: OnceRecord) {
    super(
      `once-key "${record.key}" failed: ${record.error ?? 'settled as failed'}; ${describeRunner(record)}. ` +
        `It is not run again unless you pass { onFailed: 'retry' } or call fp.reconcile({ key, as: 'retry' })`,
    )
    this.record = record
  }
}

/** Somebody else is running it, and `wait` is over. Nothing was run by this call; calling again is safe. */
export class OnceBusyError extends FencepostError {
  readonly code = 'ONCE_BUSY'
  readonly key: string

  constructor(key: string, cause?: LockTimeoutError) {
    super(`once-key "${key}" is being run or settled by somebody else; wait longer, or call again later`, { cause })
    this.key = key
  }
}

/** It was done and is recorded as done, but what it returned could not be stored. It is not run again. */
export class OnceResultError extends FencepostError {
  readonly code = 'ONCE_RESULT'
  readonly record: OnceRecord
  /** In the process that ran it: what it returned. */
  readonly returned: { readonly value: unknown } | null

  constructor(record: OnceRecord, options: ErrorOptions & Partial<Pick<OnceResultError, 'returned'>> = {}) {
    super(
      `once-key "${record.key}" is done, but its result is lost: ${record.error ?? 'it could not be stored'}; ` +
        `return something smaller that JSON can carry`,
      options,
    )
    this.record = record
    this.returned = options.returned ?? null
  }
}
