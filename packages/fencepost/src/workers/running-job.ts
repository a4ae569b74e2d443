import { type Duration, parseDuration } from '../ground/duration.ts'
import type { Queryable } from '../postgres/queryable.ts'
import type { Schema } from '../postgres/schema.ts'
import type { Session } from '../postgres/session.ts'
import type { Origin } from '../postgres/target.ts'
import type { JobContext, Snooze } from '../queue/job.ts'

/** One row of `claim_jobs`. */
export interface Claimed {
  readonly id: number
  readonly queue: string
  readonly name: string
  readonly payload: unknown
  readonly attempt: number
  readonly attempts: number
  readonly token: number
  readonly key: string | null
  readonly group: string | null
  /** Whatever `new Date` takes: most functions never ask. */
  readonly enqueuedAt: Date | string | number
  /** Nobody wants its result. */
  readonly isSimple: boolean
}

/** Where the statements of the jobs of one worker go. */
export interface Desk {
  /** Job transactions, on its pool. */
  readonly origin: Origin
  readonly schema: Schema
  /** Of the worker: notes of progress and logs. */
  readonly session: Pick<Session, 'query' | 'ask'>
  /** A job transaction that sits idle for longer is ended by the server. 0: never. */
  readonly freezeMs: number
}

/** One attempt of one job. Tens of thousands a second are made, so nothing is made before it is asked for. */
export class RunningJob implements JobContext {
  readonly #claimed: Claimed
  readonly #desk: Desk
  #controller: AbortController | undefined
  #reason: Error | undefined
  #isCompleted = false

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

  async transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    throw new Error('not yet', { cause: [work, this.#desk] })
  }

  async progress(value: unknown): Promise<void> {
    throw new Error('not yet', { cause: value })
  }

  async log(line: string): Promise<void> {
    throw new Error('not yet', { cause: line })
  }

  snooze(after: Duration): Snooze {
    return { snoozeMs: parseDuration(after, 'after') }
  }

  async childResults(): Promise<unknown[]> {
    throw new Error('not yet')
  }
}
