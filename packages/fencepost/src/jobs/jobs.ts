import { askPool } from '../postgres/on-pool.ts'
import type { Schema } from '../postgres/schema.ts'
import type { Session } from '../postgres/session.ts'
import type { Origin } from '../postgres/target.ts'
import { checkQueue, queueNameOf } from '../queue/queue-name.ts'
import { type JobCount, type JobLogLine, type JobRecord, publicQueue, readJob } from './job-record.ts'
import {
  checkId,
  checkLimit,
  checkLimits,
  checkList,
  checkRedrive,
  type JobLimits,
  type Limited,
  type ListJobsOptions,
  type RedriveOptions,
} from './jobs-options.ts'

/** Where the jobs of an instance are. */
export interface JobsPlace {
  readonly origin: Origin
  readonly schema: Schema
  readonly namespace: string
  readonly freezeMs: number
  /** The shared session, once the schema is there. */
  readonly main: () => Promise<Session>
  /** Aborts when the instance is closed. */
  readonly closing: AbortSignal
}

const COUNTS = `
  select queue, name, state, jobs::float8 as jobs, is_estimate as "isEstimate", extract(epoch from oldest_at)::float8 * 1000 as since,
    extract(epoch from age)::float8 * 1000 as "oldestAgeMs"
  from fencepost.job_counts() where fencepost.namespace_of(queue) = $1`
const LOGS = `
  select attempt, extract(epoch from logged_at)::float8 * 1000 as at, line
  from (select * from fencepost.job_logs where job = $1 order by id desc limit $2) as last
  order by id`

/**
 * Looks at jobs and steers them. Queues are those of the namespace of the instance; ids are good in all namespaces. Sent on the pool; what is
 * told is past when it arrives.
 */
export class Jobs {
  readonly #place: JobsPlace

  /** Use `fp.jobs`. */
  constructor(place: JobsPlace) {
    this.#place = place
  }

  /** For what else works on the jobs of this instance. */
  static placeOf(jobs: Jobs): JobsPlace {
    return jobs.#place
  }

  /** Null if there is no such job: never was, or it is done and was not kept. */
  async get(id: number): Promise<JobRecord | null> {
    checkId(id)
    const text = 'select to_jsonb(job)::text as record from fencepost.job_list as job where job.id = $1'
    const [row] = await this.#query<{ record: string }>(text, [id])
    return row === undefined ? null : readJob(row.record)
  }

  /** Jobs, queued, running and finished, the newest first. */
  async list(options: ListJobsOptions = {}): Promise<JobRecord[]> {
    const { queue, name, state, limit, before } = checkList(options)
    const text = 'select list_jobs::text as record from fencepost.list_jobs($1, $2, $3, $4, $5, $6)'
    const { namespace } = this.#place
    const values = [namespace, this.#nameOf(queue), name ?? null, state ?? null, limit, before ?? null]
    return (await this.#query<{ record: string }>(text, values)).map(({ record }) => readJob(record))
  }

  /**
   * How many there are by queue, name and state, and how old the oldest is: one statement, cheap with millions of jobs. Exact up to
   * 5000 ready ones of a queue, 5000 delayed and 5000 dead ones, and for those that run; beyond that, and of those that are done, an estimate where
   * their table is large. Done are only those that are kept.
   */
  async counts(): Promise<JobCount[]> {
    const rows = await this.#query<JobCount & { since: number }>(COUNTS, [this.#place.namespace])
    return rows.map(({ queue, since, ...count }) => ({
      ...count,
      queue: publicQueue(queue),
      oldestAt: new Date(since),
    }))
  }

  /** What a job has logged, over all its attempts, in order: the last lines, 1000 by default. Nothing for a job that does not exist. */
  async logs(id: number, { limit = 1000 }: { readonly limit?: number } = {}): Promise<JobLogLine[]> {
    checkId(id)
    checkLimit(limit)
    const rows = await this.#query<{ attempt: number; at: number; line: string }>(LOGS, [id, limit])
    return rows.map(({ attempt, at, line }) => ({ attempt, loggedAt: new Date(at), line }))
  }

  /**
   * Has a job run now: one that is delayed without further delay; one that is dead, cancelled, or done and kept, anew, under its id and with all its
   * attempts. False, and nothing is changed, for any other, if another job has its key by now, and for an id that does not exist.
   *
   * @throws {MissingPrivilegeError} unless the role is of `admin`.
   */
  async retry(id: number): Promise<boolean> {
    checkId(id)
    return await this.#ask('select fencepost.retry_job($1) as answer', [id])
  }

  /**
   * Takes a job out of its queue; it is kept as cancelled for its `keep`, or 7 days. If it runs, the `signal` of its attempt aborts, and what that still
   * wants to commit in its job transaction, or to complete, is refused. A commit that is under way is waited for. Its children go on; its parent waits for it no more.
   * False for a job that is finished, and for an id that does not exist.
   */
  async cancel(id: number): Promise<boolean> {
    checkId(id)
    return await this.#ask('select fencepost.cancel_job($1) as answer', [id])
  }

  /**
   * Has dead jobs begin anew, with all their attempts, the oldest first, and says how many. One whose key another job has by now stays dead.
   *
   * @throws {MissingPrivilegeError} unless the role is of `admin`.
   */
  async redrive(options: RedriveOptions = {}): Promise<number> {
    const { queue, name, limit } = checkRedrive(options)
    const text = 'select fencepost.redrive_jobs($1, $2, $3, $4) as answer'
    return await this.#ask(text, [this.#nameOf(queue), name ?? null, limit, this.#place.namespace])
  }

  /**
   * Has no more jobs of a queue claimed, by any worker, until `resume`; those that run go on. A queue that nobody
   * has used yet is paused, too. False if it was paused already.
   *
   * @throws {MissingPrivilegeError} unless the role is of `admin`.
   */
  async pause(queue = 'default'): Promise<boolean> {
    checkQueue(queue)
    return await this.#ask('select fencepost.pause_queue($1) as answer', [this.#nameOf(queue)])
  }

  /** Ends a pause, and wakes the workers that sleep. False if the queue was not paused. */
  async resume(queue = 'default'): Promise<boolean> {
    checkQueue(queue)
    return await this.#ask('select fencepost.resume_queue($1) as answer', [this.#nameOf(queue)])
  }

  /**
   * Limits how many jobs may run at once, and how many may begin in an interval, over all workers, from now on; without limits there are none any more,
   * and of a group one runs at a time. What runs goes on. False if it was so already. A worker sets what the definitions of its jobs say when it starts.
   */
  async limit(limited: Limited, limits: JobLimits = {}): Promise<boolean> {
    const { scope, name, concurrency, rate, perMs } = checkLimits(limited, limits)
    const text = `select fencepost.limit_jobs($1, $2, $3, $4, $5::float8 * interval '1 ms') as answer`
    const known = scope === 'job' ? name : this.#nameOf(name)
    return await this.#ask(text, [scope, known, concurrency, rate, perMs])
  }

  #nameOf(queue: string | undefined): string | null {
    return queue === undefined ? null : queueNameOf(this.#place.namespace, queue)
  }

  async #ask<T>(text: string, values: unknown[]): Promise<T> {
    const [row] = await this.#query<{ answer: T }>(text, values)
    return row?.answer as T
  }

  async #query<Row>(text: string, values: unknown[]): Promise<Row[]> {
    this.#place.closing.throwIfAborted()
    await this.#place.main()
    return await askPool<Row>(this.#place, text, values)
  }
}
