import { FencepostError } from '../ground/errors.ts'

/**
 * The attempt no longer has its job: it was taken over, cancelled, or is over (SQLSTATE LK009). Nothing was written. Stop working: somebody
 * else may be at it. What was done in its job transaction is undone.
 */
export class StaleJobError extends FencepostError {
  readonly code = 'STALE_JOB'
  readonly jobId: number
  readonly jobName: string
  /** The one that was refused. */
  readonly attempt: number

  /** @param fate what has become of the job, as the database told it. */
  constructor(job: { id: number; name: string; attempt: number }, fate: string, options?: ErrorOptions) {
    super(`job ${job.id} (${job.name}) has been taken over from attempt ${job.attempt}: ${fate}`, options)
    this.jobId = job.id
    this.jobName = job.name
    this.attempt = job.attempt
  }
}
