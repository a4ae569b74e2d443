import { FencepostError } from '../ground/errors.ts'

/** What a schema says is wrong with a payload, as https://standardschema.dev has it. */
export interface PayloadIssue {
  readonly message: string
  readonly path?: readonly unknown[] | undefined
}

/**
 * The payload is not what the job's schema wants, or JSON or the database cannot carry it. Nothing was enqueued: correct the payload.
 * Where a worker reads it, the job was enqueued for another schema.
 */
export class JobPayloadError extends FencepostError {
  readonly code = 'JOB_PAYLOAD'
  readonly jobName: string
  readonly issues: readonly PayloadIssue[]

  constructor(jobName: string, issues: readonly PayloadIssue[], options?: ErrorOptions) {
    super(`the payload of job "${jobName}" is refused: ${issues.map(describeIssue).join('; ')}`, options)
    this.jobName = jobName
    this.issues = issues
  }
}

/**
 * A job with a key was enqueued in a transaction at REPEATABLE READ or SERIALIZABLE, whose snapshot may miss the job that is there
 * already (SQLSTATE LK002). Nothing was enqueued, the transaction cannot go on. Enqueue without a key, in READ COMMITTED, or outside of it.
 */
export class KeyedJobIsolationError extends FencepostError {
  readonly code = 'KEYED_JOB_ISOLATION'
  readonly jobName: string

  constructor(jobName: string, cause: Error) {
    super(
      `job "${jobName}" has a key, so it can be enqueued in a READ COMMITTED transaction only; ` +
        `enqueue it without a key, or after the COMMIT, without tx`,
      { cause },
    )
    this.jobName = jobName
  }
}

/**
 * The connection broke off after the job was sent: it may have been enqueued or not. Enqueue it again if twice does no harm, or if it
 * has a key, which makes one of the two; in a transaction of yours (`tx`) the question does not arise.
 */
export class EnqueueUncertainError extends FencepostError {
  readonly code = 'ENQUEUE_UNCERTAIN'
  readonly jobName: string

  constructor(jobName: string, cause: Error) {
    super(
      `whether job "${jobName}" was enqueued is not known: ${cause.message}; enqueue it with a key to be able to do so again`,
      {
        cause,
      },
    )
    this.jobName = jobName
  }
}

function describeIssue({ message, path = [] }: PayloadIssue): string {
  const place = path.map((part) => String(typeof part === 'object' && part !== null && 'key' in part ? part.key : part))
  return place.length === 0 ? message : `${place.join('.')}: ${message}`
}
