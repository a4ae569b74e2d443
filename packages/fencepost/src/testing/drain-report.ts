/** An attempt that `drain` has run. */
export interface DrainedAttempt {
  readonly id: number
  readonly name: string
  readonly attempt: number
  readonly payload: unknown
}

export interface DoneAttempt extends DrainedAttempt {
  readonly result: unknown
}

export interface FailedAttempt extends DrainedAttempt {
  /** What the job's function threw, or what kept it from being run. */
  readonly error: unknown
}

/** What `drain` has run, each kind in order. */
export interface DrainReport {
  readonly done: readonly DoneAttempt[]
  /** To be tried again, once it is time. */
  readonly failed: readonly FailedAttempt[]
  /** Out of attempts, or given up. */
  readonly dead: readonly FailedAttempt[]
  readonly snoozed: readonly DrainedAttempt[]
  /** Cancelled meanwhile: nothing of it is recorded. */
  readonly lost: readonly DrainedAttempt[]
  /** `limit` was reached, and more may be due. */
  readonly hasMore: boolean
}
