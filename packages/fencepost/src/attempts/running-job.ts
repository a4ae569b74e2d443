import { type Duration, parseDuration } from '../ground/duration.ts'
import type { Queryable } from '../postgres/queryable.ts'
import type { JobContext, Snooze } from '../queue/job.ts'
import type { Claimed, Desk } from './claimed.ts'
import { JobNotes } from './job-notes.ts'
import { describeLoss, jobTransaction } from './job-transaction.ts'

/** A timer of this process does not count it. */
const LONGEST_SNOOZE_MS = 36_500 * 86_400_000

export type { Claimed, Desk } from './claimed.ts'

/** One attempt of one job. Tens of thousands a second are made, so nothing is made before it is asked for. */
export class RunningJob implements JobContext {
  readonly #claimed: Claimed
  readonly #desk: Desk
  #controller: AbortController | undefined
  #reason: Error | undefined
  #isCompleted = false
  #isInTransaction = false

  constructor(claimed: Claimed, desk: Desk) {
    this.#claimed = claimed
    this.#desk = desk
  }

  get id(): number {
    return this.#claimed.id
  }

  get name(): string {
    return this.#claimed.name
  }

  get queue(): string {
    return this.#claimed.queue
  }

  get attempt(): number {
    return this.#claimed.attempt
  }

  get attempts(): number {
    return this.#claimed.attempts
  }

  get token(): number {
    return this.#claimed.token
  }

  get key(): string | null {
    return this.#claimed.key
  }

  get group(): string | null {
    return this.#claimed.group
  }

  get enqueuedAt(): Date {
    return new Date(this.#claimed.enqueuedAt)
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#reason !== undefined) this.#controller.abort(this.#reason)
    }
    return this.#controller.signal
  }

  /** By its transaction: nothing is left to complete, whatever its function does from here on. */
  get isCompleted(): boolean {
    return this.#isCompleted
  }

  /** Aborts `signal`. From now on progress, log and transaction are refused with this reason; the first one stays. */
  abort(reason: Error): void {
    if (this.#reason !== undefined) return
    this.#reason = reason
    this.#controller?.abort(reason)
  }

  /**
   * Runs `work` in a transaction at READ COMMITTED on a connection of the instance's pool; its COMMIT completes the job. What `work` returns is
   * the job's result where one is kept or a parent waits for it; what the job's function does afterwards no longer counts.
   *
   * @throws {StaleJobError} if another attempt has the job, or it was cancelled: nothing is written.
   * @throws {CommitUncertainError} if the connection broke in COMMIT: what it wrote is there if, and only if, the job is completed.
   * @throws {TypeError} in or after a transaction that completed the job, and for a result that cannot be kept.
   * @throws what `work` throws: rolled back, and the job goes on.
   */
  async transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    if (typeof work !== 'function') throw new TypeError('job.transaction() needs a function to run')
    this.#requireRunning('begin a transaction')
    if (this.#isInTransaction) throw new TypeError(`${this.#title} is in its transaction; it has one at a time`)
    this.#isInTransaction = true
    try {
      const result = await jobTransaction(this.#claimed, this.#desk, { signal: this.signal, run: work })
      this.#isCompleted = true
      return result
    } finally {
      this.#isInTransaction = false
    }
  }

  /**
   * Notes how far the job is, at most 64 KiB of JSON. Of what is said before an earlier value was sent, the last one is noted. It need not be
   * waited for, if it does not matter that it may be refused.
   *
   * @throws {StaleJobError} if another attempt has the job.
   * @throws {TypeError} for what JSON cannot carry.
   */
  progress(value: unknown): Promise<void> {
    return unasked(this.#progress(value))
  }

  /**
   * Adds a line to the job's log, at most 8 KiB of it. It need not be waited for, if it does not matter that it is missing
   * where the job ends right behind it.
   *
   * @throws {StaleJobError} if another attempt has the job: the line is in no log.
   */
  log(line: string): Promise<void> {
    return unasked(this.#log(line))
  }

  /** To be returned: the job comes again after so long, at most 36,500 days, and this attempt does not count. */
  snooze(after: Duration): Snooze {
    return { snoozeMs: parseDuration(after, 'after', LONGEST_SNOOZE_MS) }
  }

  /**
   * What the children of this job returned, in the order they were enqueued in; null for one that was cancelled.
   *
   * @throws {StaleJobError} if another attempt has the job.
   */
  async childResults(): Promise<unknown[]> {
    this.#requireRunning('ask for the results of its children')
    const { id, token } = this.#claimed
    const text = 'select fencepost.child_results($1, $2)::text'
    const results = await this.#desk.session
      .ask(text, [String(id), String(token)], 'child_results')
      .catch((error: unknown) => {
        throw describeLoss(error, this.#claimed)
      })
    return results === null ? [] : (JSON.parse(results) as unknown[])
  }

  async #progress(value: unknown): Promise<void> {
    this.#requireRunning('note its progress')
    await JobNotes.of(this.#desk).progress(this.#claimed, value)
  }

  async #log(line: string): Promise<void> {
    if (typeof line !== 'string') throw new TypeError(`job.log() needs a text; got ${typeof line}`)
    this.#requireRunning('log')
    await JobNotes.of(this.#desk).log(this.#claimed, line)
  }

  get #title(): string {
    return `job ${this.#claimed.id} (${this.#claimed.name})`
  }

  #requireRunning(what: string): void {
    if (this.#reason !== undefined) throw this.#reason
    if (this.#isCompleted)
      throw new TypeError(`${this.#title} was completed by its transaction; it cannot ${what} any more`)
  }
}

/** A note that nobody waits for must not end the process, and all its other jobs, when it is refused. */
function unasked(note: Promise<void>): Promise<void> {
  note.catch(() => {})
  return note
}
