import { FencepostError } from '../ground/errors.ts'

/**
 * A table is protected, and the transaction wrote to it without the token of the lock that the row belongs to (SQLSTATE LK005). Nothing
 * was written. Write inside `lock.transaction()` of that lock, or call `lock.guard(tx)` before the write; then it may be done again.
 */
export class UnguardedWriteError extends FencepostError {
  readonly code = 'UNGUARDED_WRITE'
  /** As the server calls it, with its schema. */
  readonly table: string
  /** The lock it needs; null if a column of its name is null. */
  readonly lockName: string | null

  constructor(cause: Error & { table?: string; constraint?: string; hint?: string }) {
    super(`${cause.message}. ${cause.hint ?? ''}`.trimEnd(), { cause })
    this.table = cause.table ?? ''
    this.lockName = cause.constraint ?? null
  }
}

/** A protected table was to be truncated, which no lock allows (SQLSTATE LK006). Nothing was done. */
export class TruncateRefusedError extends FencepostError {
  readonly code = 'TRUNCATE_REFUSED'
  /** As the server calls it, with its schema. */
  readonly table: string

  constructor(cause: Error & { table?: string; hint?: string }) {
    super(`${cause.message}. ${cause.hint ?? ''}`.trimEnd(), { cause })
    this.table = cause.table ?? ''
  }
}
