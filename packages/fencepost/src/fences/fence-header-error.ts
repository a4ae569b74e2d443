import { FencepostError } from '../ground/errors.ts'

/**
 * A request that must be fenced carries no fence that could be checked, or that of another lock. Nothing was written; `status` is the HTTP
 * status that says so: 428 without headers, 400 for headers that cannot be read, 412 for another lock.
 */
export class FenceHeaderError extends FencepostError {
  readonly code = 'FENCE_HEADER'
  readonly status: 400 | 412 | 428

  constructor(status: FenceHeaderError['status'], message: string) {
    super(message)
    this.status = status
  }
}
