import { asError } from '../ground/as-error.ts'
import { Bag, type Seat } from '../ground/bag.ts'
import { parseDuration } from '../ground/duration.ts'
import { JobPayloadError } from '../queue/enqueue-errors.ts'
import type { Job, Snooze } from '../queue/job.ts'
import { delayOf } from '../attempts/retry.ts'
import type { Desk } from '../attempts/claimed.ts'
import { JobResultError, JobTimeoutError } from '../attempts/job-errors.ts'
import type { Outcomes } from './outcomes.ts'
import { type Claimed, RunningJob } from '../attempts/running-job.ts'

/** A kind of job with what is known of it from the start. */
interface Kind {
  readonly job: Job
  readonly timeoutMs: number
}

/** One attempt that is going on. */
interface Attempt {
  readonly claimed: Claimed
  readonly kind: Kind
  readonly running: RunningJob
  readonly begunAt: number
  seat: Seat<Attempt> | undefined
  timer: NodeJS.Timeout | undefined
}

export interface CrewOptions {
  readonly jobs: readonly Job[]
  readonly concurrency: number
  readonly desk: Desk
  readonly outcomes: Outcomes
  /** More may be claimed, or nothing runs any more. */
  readonly rung: () => void
  readonly onError: (error: Error) => void
}

// What JSON escapes and jsonb refuses: NUL, and half of a pair. An even number of backslashes before it escapes nothing.
const UNSTORABLE = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/
const LEAST_BUFFER = 500
const WINDOW_MS = 100

/**
 * Runs what was claimed, so many at once, and keeps a few more at hand: as many as were done in the last 100 ms, so that none waits here for
 * a worker that is slow while another one would have time for it.
 */
export class Crew {
  readonly #options: CrewOptions
  readonly #kinds: ReadonlyMap<string, Kind>
  readonly #most: number
  readonly #attempts = new Bag<Attempt>()
  #buffer: Claimed[] = []
  #next = 0
  #running = 0
  #done = 0
  #doneBefore = 0
  #windowAt = performance.now()
  #isAsking = false

  constructor(options: CrewOptions) {
    this.#options = options
    this.#most = Math.max(2 * options.concurrency, LEAST_BUFFER)
    this.#kinds = new Map(options.jobs.map((job) => [job.name, { job, timeoutMs: timeoutOf(job) }]))
  }

  /** How many more it would take now; at 0 it rings when there is need again. */
  get room(): number {
    const [waiting, ahead] = [this.#buffer.length - this.#next, this.#ahead()]
    this.#isAsking = true
    return waiting > ahead / 2 ? 0 : Math.min(this.#options.concurrency - this.#running + ahead - waiting, this.#most)
  }

  get isIdle(): boolean {
    return this.#running === 0 && this.#buffer.length === this.#next
  }

  take(jobs: readonly Claimed[]): void {
    this.#buffer = this.#next === this.#buffer.length ? [...jobs] : [...this.#buffer.slice(this.#next), ...jobs]
    this.#next = 0
    this.#begin()
  }

  /** What it has not begun; it is no longer here. */
  giveUp(): readonly Claimed[] {
    const left = this.#buffer.slice(this.#next)
    this.#buffer = []
    this.#next = 0
    return left
  }

  /** Aborts all that runs; it is no longer here, and how it ends does not count. */
  abortAll(reason: (job: RunningJob) => Error): readonly Claimed[] {
    return [...this.#attempts].flatMap((attempt) =>
      this.#abort(attempt, reason(attempt.running)) ? attempt.claimed : [],
    )
  }

  /** The same with one job. */
  abort(id: number, reason: (job: RunningJob) => Error): void {
    for (const attempt of this.#attempts) if (attempt.claimed.id === id) this.#abort(attempt, reason(attempt.running))
  }

  /** What has run for longer than that. */
  runningFor(ms: number): readonly Claimed[] {
    const since = performance.now() - ms
    return [...this.#attempts].flatMap(({ claimed, begunAt }) => (begunAt <= since ? claimed : []))
  }

  #begin(): void {
    const { concurrency } = this.#options
    while (this.#running < concurrency) {
      const claimed = this.#buffer[this.#next]
      if (claimed === undefined) break
      this.#next++
      this.#start(claimed)
    }
    if (this.#isAsking && this.#buffer.length - this.#next <= this.#ahead() / 2) this.#ring()
  }

  #start(claimed: Claimed): void {
    const kind = this.#kinds.get(claimed.name)
    // Not claimed by name, so it cannot be.
    if (kind === undefined) return this.#options.outcomes.giveBack(claimed, 'not begun')
    const running = new RunningJob(claimed, this.#options.desk)
    const attempt: Attempt = { claimed, kind, running, begunAt: performance.now(), seat: undefined, timer: undefined }
    attempt.seat = this.#attempts.add(attempt)
    this.#running++
    if (kind.timeoutMs > 0) attempt.timer = setTimeout(() => this.#timeOut(attempt), kind.timeoutMs)
    let result: unknown
    try {
      result = kind.job.schema === undefined ? kind.job.run(claimed.payload, running) : runChecked(attempt)
    } catch (error) {
      return this.#failed(attempt, error)
    }
    if (!isThenable(result)) return this.#ended(attempt, result)
    result.then(
      (value) => {
        this.#ended(attempt, value)
        this.#begin()
      },
      (error) => {
        this.#failed(attempt, error)
        this.#begin()
      },
    )
  }

  #ended(attempt: Attempt, result: unknown): void {
    if (!this.#leave(attempt) || attempt.running.isCompleted) return
    const { outcomes } = this.#options
    if (isSnooze(result)) return outcomes.snooze(attempt.claimed, result.snoozeMs)
    if (attempt.claimed.isSimple) return outcomes.complete(attempt.claimed)
    try {
      outcomes.finish(attempt.claimed, jsonOf(result))
    } catch (error) {
      outcomes.fail(attempt.claimed, textOf(error), null)
      this.#options.onError(asError(error))
    }
  }

  #failed(attempt: Attempt, error: unknown): void {
    if (!this.#leave(attempt) || attempt.running.isCompleted) return
    const { claimed, kind } = attempt
    this.#options.outcomes.fail(claimed, textOf(error), this.#delayOf(kind.job, error, claimed))
  }

  /** What `decide` throws is told, and does not decide. */
  #delayOf(job: Job, error: unknown, claimed: Claimed): number | null {
    if (error instanceof JobPayloadError) return null
    try {
      return delayOf(job.retry, error, claimed)
    } catch (thrown) {
      this.#options.onError(asError(thrown))
      return delayOf({ ...job.retry, decide: () => 'retry' }, error, claimed)
    }
  }

  /** Fails at once: its slot is free, and what its function does from here on is refused. */
  #timeOut(attempt: Attempt): void {
    const error = new JobTimeoutError(attempt.claimed, attempt.kind.timeoutMs)
    attempt.running.abort(error)
    this.#failed(attempt, error)
    this.#begin()
  }

  #abort(attempt: Attempt, reason: Error): boolean {
    const isHere = this.#leave(attempt)
    if (isHere) attempt.running.abort(reason)
    this.#begin()
    return isHere && !attempt.running.isCompleted
  }

  /** False if it has left before. */
  #leave(attempt: Attempt): boolean {
    if (attempt.seat === undefined) return false
    this.#attempts.remove(attempt.seat)
    attempt.seat = undefined
    if (attempt.timer !== undefined) clearTimeout(attempt.timer)
    this.#running--
    this.#done++
    if (this.#running === 0) this.#ring()
    return true
  }

  /** How many were done in the last 100 ms, or so. */
  #ahead(): number {
    const now = performance.now()
    if (now - this.#windowAt > WINDOW_MS) {
      this.#doneBefore = now - this.#windowAt > 2 * WINDOW_MS ? 0 : this.#done
      this.#done = 0
      this.#windowAt = now
    }
    return Math.min(Math.max(this.#done, this.#doneBefore), this.#most)
  }

  #ring(): void {
    this.#isAsking = false
    this.#options.rung()
  }
}

function runChecked({ kind, claimed, running }: Attempt): unknown {
  const checked = kind.job.schema?.['~standard'].validate(claimed.payload)
  const run = (found: Awaited<NonNullable<typeof checked>>) => {
    if (found.issues !== undefined) throw new JobPayloadError(claimed.name, found.issues)
    return kind.job.run(found.value, running)
  }
  if (checked === undefined) return undefined
  return checked instanceof Promise ? checked.then(run) : run(checked)
}

function timeoutOf({ timeout }: Job): number {
  return timeout === undefined ? 0 : parseDuration(timeout, 'timeout')
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as PromiseLike<unknown>).then === 'function'
}

function isSnooze(value: unknown): value is Snooze {
  return typeof value === 'object' && value !== null && typeof (value as Partial<Snooze>).snoozeMs === 'number'
}

function jsonOf(result: unknown): string {
  try {
    const json = JSON.stringify(result) ?? 'null'
    if (!UNSTORABLE.test(json)) return json
  } catch (error) {
    throw new JobResultError(`its result cannot be kept: ${textOf(error)}`, { cause: error })
  }
  throw new JobResultError('its result cannot be kept: PostgreSQL stores no NUL and no half of a surrogate pair')
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return asError(error).message
  try {
    return `${error.name}: ${error.message}`
  } catch {
    // Its message is a symbol, say.
    return 'an error was thrown whose message is no text'
  }
}
