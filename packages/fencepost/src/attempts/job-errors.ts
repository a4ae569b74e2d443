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

/** The attempt took longer than the `timeout` of its job. It has failed at once; what its function does from here on is refused. */
export class JobTimeoutError extends FencepostError {
  readonly code = 'JOB_TIMEOUT'
  readonly jobId: number
  readonly timeoutMs: number

  constructor(job: { id: number; name: string; attempt: number }, timeoutMs: number) {
    super(`attempt ${job.attempt} of job ${job.id} (${job.name}) was not done within ${timeoutMs} ms`)
    this.jobId = job.id
    this.timeoutMs = timeoutMs
  }
}

/** Somebody cancelled the job while it ran. Stop working: nothing of it is recorded any more. */
export class JobCancelledError extends FencepostError {
  readonly code = 'JOB_CANCELLED'
  readonly jobId: number

  constructor(job: { id: number; name: string; attempt: number }) {
    super(`job ${job.id} (${job.name}) was cancelled in attempt ${job.attempt}`)
    this.jobId = job.id
  }
}

/** What the function returned is kept, and JSON cannot carry it. Its work is done; the job is dead, so that it is not done again. */
export class JobResultError extends FencepostError {
  readonly code = 'JOB_RESULT'
}

/** The worker stopped before the job was done. The job goes to another worker at once. */
export class WorkerStoppedError extends FencepostError {
  readonly code = 'WORKER_STOPPED'
}

/** The session of the worker is over, and with it its hold on its jobs: another worker runs them. */
export class WorkerLostError extends FencepostError {
  readonly code = 'WORKER_LOST'
}
