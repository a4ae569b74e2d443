import { FencepostError } from '../ground/errors.ts'

/**
 * The lock is kept by something that cannot refuse a write to a database. Nothing was written; the lock is held as before.
 */
export class NotFencedError extends FencepostError {
  readonly code = 'NOT_FENCED'

  constructor(what: string, keeper: string, advice: string) {
    super(`${what} was refused: ${keeper} cannot keep a holder that lost its lock from committing; ${advice}`)
  }
}
