import type { Claimed, Desk } from '../attempts/claimed.ts'
import { JobTimeoutError } from '../attempts/job-errors.ts'
import { outcomeOf } from '../attempts/outcome.ts'
import { Prefetched } from '../attempts/prefetched.ts'
import { delayOf } from '../attempts/retry.ts'
import { isPromiseLike, runJob } from '../attempts/run-job.ts'
import { RunningJob } from '../attempts/running-job.ts'
import { asError, errorText } from '../ground/as-error.ts'
import { Bag, type Seat } from '../ground/bag.ts'
import { parseDuration } from '../ground/duration.ts'
import { JobPayloadError } from '../queue/enqueue-errors.ts'
import type { Job } from '../queue/job.ts'
import type { Outcomes } from './outcomes.ts'

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

export interface AttemptsOptions {
  readonly jobs: readonly Job[]
  readonly concurrency: number
  readonly desk: Desk
  readonly outcomes: Outcomes
  /** More may be claimed, or nothing runs any more. */
  readonly freed: () => void
  readonly onError: (error: Error) => void
}

/** Two claims at most are at hand, so that the next one is under way while the last one is run. */
const LONGEST_CLAIM = 1000
/** Of each pause before a retry. */
const JITTER = 0.25

/** Runs what was claimed, so many at once, and keeps a few more at hand. */
export class Attempts {
  readonly #options: AttemptsOptions
  readonly #kinds: ReadonlyMap<string, Kind>
  readonly #attempts = new Bag<Attempt>()
  readonly #prefetched: Prefetched
  #running = 0
  #isAsking = false

  constructor(options: AttemptsOptions) {
    this.#options = options
    this.#prefetched = new Prefetched(2 * Math.max(options.concurrency, LONGEST_CLAIM))
    this.#kinds = new Map(options.jobs.map((job) => [job.name, kindOf(job)]))
  }

  /** How many more it would take now; at 0 `freed` is called when it takes some again. */
  get room(): number {
    const [waiting, ahead] = [this.#prefetched.length, this.#prefetched.wanted()]
    this.#isAsking = true
    return waiting > ahead / 2
      ? 0
      : Math.min(this.#options.concurrency - this.#running + ahead - waiting, LONGEST_CLAIM)
  }

  get isIdle(): boolean {
    return this.#running === 0 && this.#prefetched.length === 0
  }

  take(jobs: readonly Claimed[]): void {
    this.#prefetched.add(jobs)
    this.#begin()
  }

  /** What it has not begun; it is no longer here. */
  giveUp(): readonly Claimed[] {
    return this.#prefetched.takeAll()
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
      const claimed = this.#prefetched.next()
      if (claimed === undefined) break
      this.#start(claimed)
    }
    if (this.#isAsking && this.#prefetched.length <= this.#prefetched.wanted() / 2) this.#tellFreed()
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
      result = runJob(kind.job, claimed.payload, running)
    } catch (error) {
      return this.#failed(attempt, error)
    }
    if (!isPromiseLike(result)) return this.#ended(attempt, result)
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
    const { outcomes, onError } = this.#options
    const outcome = outcomeOf(attempt.claimed, result)
    if (outcome.kind === 'complete') return outcomes.complete(attempt.claimed)
    if (outcome.kind === 'finish') return outcomes.finish(attempt.claimed, outcome.result)
    if (outcome.kind === 'snooze') return outcomes.snooze(attempt.claimed, outcome.ms)
    outcomes.fail(attempt.claimed, errorText(outcome.error), null)
    onError(outcome.error)
  }

  #failed(attempt: Attempt, error: unknown): void {
    if (!this.#leave(attempt) || attempt.running.isCompleted) return
    const { claimed, kind } = attempt
    this.#options.outcomes.fail(claimed, errorText(error), this.#delayOf(kind.job, error, claimed))
  }

  /** What `decide` throws is told, and does not decide. */
  #delayOf(job: Job, error: unknown, claimed: Claimed): number | null {
    if (error instanceof JobPayloadError) return null
    try {
      return delayOf({ retry: job.retry, jitter: JITTER }, error, claimed)
    } catch (thrown) {
      this.#options.onError(asError(thrown))
      return delayOf({ retry: { ...job.retry, decide: () => 'retry' }, jitter: JITTER }, error, claimed)
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
    this.#prefetched.countDone()
    if (this.#running === 0) this.#tellFreed()
    return true
  }

  #tellFreed(): void {
    this.#isAsking = false
    this.#options.freed()
  }
}

function kindOf(job: Job): Kind {
  return { job, timeoutMs: parseDuration(job.timeout ?? '0s', 'timeout') }
}
