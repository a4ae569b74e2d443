import type { Duration } from '../ground/duration.ts'
import type { Queryable } from '../postgres/queryable.ts'

/** One attempt of one job, as its function sees it. */
export interface JobContext {
  readonly id: number
  readonly name: string
  readonly queue: string
  /** From 1. */
  readonly attempt: number
  /** How many there may be. */
  readonly attempts: number
  /** Rises with each attempt of any job: a fencing token for what the job writes elsewhere. */
  readonly token: number
  readonly key: string | null
  readonly group: string | null
  readonly enqueuedAt: Date
  /** Aborts when the job is cancelled, its timeout is over, the worker stops, or the job was lost to another worker. */
  readonly signal: AbortSignal
  /** Runs `work` in a transaction that commits together with the completion of the job, or not at all. */
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>
  progress(value: unknown): Promise<void>
  log(line: string): Promise<void>
  /** To be returned: the job comes again after so long, and this attempt does not count. */
  snooze(after: Duration): Snooze
  /** What the children of this job returned, in the order they were enqueued in. */
  childResults(): Promise<unknown[]>
}

/** What `job.snooze` gives. */
export interface Snooze {
  readonly snoozeMs: number
}

/** What becomes of a job whose function has thrown. */
export type Decision = 'retry' | 'dead' | { readonly in: Duration }

/** How often a job is tried, and how long after it failed. */
export interface RetryOptions {
  /** Default 5, at least 1: with the first one. */
  readonly attempts?: number
  /** Before the second attempt. Default `'1s'`. */
  readonly delay?: Duration
  /** By what it grows from attempt to attempt. Default 2, at least 1. */
  readonly factor?: number
  /** Default `'1h'`. */
  readonly maxDelay?: Duration
  /** What to do about this error. Default `'retry'`. */
  readonly decide?: (error: unknown, failed: { readonly attempt: number; readonly attempts: number }) => Decision
}

/** As https://standardschema.dev has it: zod, valibot, arktype and others are ones. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string; readonly path?: readonly unknown[] | undefined }[] }

/** A kind of job: what it is called, what it is given. Enough to enqueue it. */
export interface JobKind<Input = unknown, Output = Input> {
  readonly name: string
  readonly schema?: StandardSchema<Input, Output>
  readonly queue?: string
  /** Smaller runs first. Default 0. */
  readonly priority?: number
  readonly timeout?: Duration
  /** For how long a job that is done is kept, with its result. Default: not at all. */
  readonly keep?: Duration
  readonly retry?: RetryOptions
  /** How many may run at once, over all workers. */
  readonly concurrency?: number
  /** How many may begin in an interval, over all workers. */
  readonly rate?: { readonly limit: number; readonly per: Duration }
  /** Jobs of one group run in order, one at a time. */
  readonly group?: (payload: Output) => string
}

/** A kind of job, and how it is run. */
export interface Job<Input = unknown, Output = Input, Result = unknown> extends JobKind<Input, Output> {
  readonly run: (payload: Output, job: JobContext) => Promise<Result> | Result
}
