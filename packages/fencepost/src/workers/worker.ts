import type { Claimed } from '../attempts/claimed.ts'
import { JobCancelledError, StaleJobError, WorkerLostError, WorkerStoppedError } from '../attempts/job-errors.ts'
import { firstOf, pause } from '../ground/abort.ts'
import { asError } from '../ground/as-error.ts'
import type { Duration } from '../ground/duration.ts'
import { Session, type SessionOptions } from '../postgres/session.ts'
import type { Origin } from '../postgres/target.ts'
import type { Job } from '../queue/job.ts'
import { queueNameOf } from '../queue/queue-name.ts'
import { Attempts } from './attempts.ts'
import { IdleWaiters } from './idle-waiters.ts'
import { MainSession } from './main-session.ts'
import { Outcomes } from './outcomes.ts'
import { Wakeup } from './wakeup.ts'
import { type ParsedOptions, parseGrace } from './worker-options.ts'
import { WorkerSession } from './worker-session.ts'

export interface WorkerParts extends Omit<SessionOptions, 'signal'> {
  readonly origin: Origin
  readonly namespace: string
}

const SUSPECT_MS = 1000
const FIRST_AGAIN_MS = 100
const LONGEST_AGAIN_MS = 5000

/** Runs jobs until it is stopped, whatever happens to its connections. */
export class Worker implements AsyncDisposable {
  /** Aborts when it begins to stop. */
  readonly signal: AbortSignal
  readonly #parts: WorkerParts
  readonly #jobs: readonly Job[]
  readonly #options: ParsedOptions
  readonly #stopping = new AbortController()
  readonly #closing = new AbortController()
  readonly #wakeup = new Wakeup()
  readonly #idleWaiters = new IdleWaiters()
  readonly #main: MainSession
  readonly #outcomes: Outcomes
  readonly #attempts: Attempts
  readonly #watch: NodeJS.Timeout
  readonly #finished: Promise<void>
  #session: WorkerSession | undefined
  #stopped: Promise<void> | undefined
  /** When running jobs are waited for no longer. */
  #graceUntil = 0

  /** Use `fp.worker()`. */
  constructor(parts: WorkerParts, jobs: readonly Job[], options: ParsedOptions) {
    this.#parts = parts
    this.#jobs = jobs
    this.#options = options
    this.signal = this.#stopping.signal
    this.#main = new MainSession({ ...parts, signal: this.#closing.signal })
    const { onError, concurrency, stopOn } = options
    const refused = (lost: readonly Claimed[]) =>
      lost.forEach((job) => onError(new StaleJobError(job, 'it ended too late')))
    const recorded = (ended: readonly Claimed[]) => this.#recorded(ended)
    const isLast = () => this.signal.aborted
    this.#outcomes = new Outcomes({ session: async () => await this.#main.open(), isLast, refused, recorded, onError })
    const { origin, schema, freezeMs } = parts
    const desk = { origin, schema, freezeMs, session: this.#main }
    const freed = () => this.#wakeup.call()
    this.#attempts = new Attempts({ jobs, concurrency, desk, outcomes: this.#outcomes, freed, onError })
    this.#watch = setInterval(() => void this.#findLost(this.#attempts.runningFor(SUSPECT_MS)), SUSPECT_MS).unref()
    for (const name of stopOn) process.on(name, this.#stopNow)
    this.#finished = this.#run()
  }

  /**
   * Claims nothing more, gives back at once what it has not begun, waits for what runs, for `grace`, and then aborts the signals of the
   * rest and gives that back too. Once it resolves, nothing of this worker is left in the database.
   */
  async stop({ grace }: { readonly grace?: Duration } = {}): Promise<void> {
    const graceMs = grace === undefined ? this.#options.graceMs : parseGrace(grace)
    // A step later: who hears of it by the signal may call this again.
    this.#stopped ??= Promise.resolve().then(async () => await this.#stop())
    this.#announce(graceMs)
    await this.#stopped
  }

  /** Resolves once it has looked and found nothing it could run, nothing runs, and how everything ended is recorded. */
  async idle(): Promise<void> {
    if (this.signal.aborted) return await this.#stopped
    const idle = this.#idleWaiters.wait()
    this.#wakeup.call()
    await idle
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  readonly #stopNow = () => void this.stop()

  /** One session after the other, until it is to stop. */
  async #run(): Promise<void> {
    for (let againMs = FIRST_AGAIN_MS; !this.signal.aborted; againMs = Math.min(againMs * 2, LONGEST_AGAIN_MS)) {
      const began = performance.now()
      try {
        await this.#runSession()
      } catch (error) {
        if (this.signal.aborted) break
        this.#options.onError(asError(error))
        if (performance.now() - began > LONGEST_AGAIN_MS) againMs = FIRST_AGAIN_MS
        await pause(againMs, this.signal).catch(() => {})
      }
    }
  }

  async #runSession(): Promise<void> {
    using signal = firstOf([this.signal, this.#closing.signal])
    const session = await Session.open({ ...this.#parts, signal: signal.signal })
    try {
      this.#session = await this.#beginSession(session)
      if (this.signal.aborted) this.#session.stop()
      await this.#session.work()
      await this.#leave(this.#session)
      await session.close()
    } catch (error) {
      const cause = session.describe(error)
      this.#attempts.giveUp()
      this.#attempts.abortAll(
        ({ id, name }) => new WorkerLostError(`job ${id} (${name}) was lost with the session of its worker`, { cause }),
      )
      session.destroy(cause)
      throw cause
    } finally {
      this.#session = undefined
    }
  }

  async #beginSession(session: Session): Promise<WorkerSession> {
    const { application, namespace, freezeMs } = this.#parts
    const { concurrency, listens, queues } = this.#options
    return await WorkerSession.begin({
      session,
      attempts: this.#attempts,
      wakeup: this.#wakeup,
      queues: queues.map((queue) => queueNameOf(namespace, queue)),
      jobs: this.#jobs,
      concurrency,
      application,
      listens,
      freezeMs,
      isSettled: () => this.#outcomes.isSettled,
      idle: (lookedAt) => {
        if (this.#idleWaiters.tell(lookedAt)) this.#wakeup.call()
      },
      suspected: (id) => void this.#findLost(this.#attempts.runningFor(0).filter((job) => job.id === id)),
    })
  }

  #announce(graceMs: number): void {
    if (this.signal.aborted) return
    this.#graceUntil = performance.now() + graceMs
    this.#stopping.abort(new WorkerStoppedError('the worker is stopping'))
    this.#session?.stop()
  }

  async #stop(): Promise<void> {
    for (const name of this.#options.stopOn) process.off(name, this.#stopNow)
    await this.#finished.catch(() => {})
    clearInterval(this.#watch)
    await this.#outcomes.settled()
    this.#closing.abort(this.signal.reason)
    await this.#main.close()
    this.#idleWaiters.tell(Number.POSITIVE_INFINITY)
  }

  /** Everything that was claimed is done, or given back. */
  async #leave(session: WorkerSession): Promise<void> {
    for (const job of this.#attempts.giveUp()) this.#outcomes.giveBack(job, 'not begun')
    while (!this.#attempts.isIdle) {
      const leftMs = this.#graceUntil - performance.now()
      if (leftMs <= 0) break
      await this.#wakeup.wait(leftMs)
    }
    for (const job of this.#attempts.abortAll(stopped)) this.#outcomes.giveBack(job, 'begun')
    await this.#outcomes.settled()
    await session.end()
  }

  /** Jobs that were waiting for others, of a group say, may run now. */
  #recorded(ended: readonly Claimed[]): void {
    if (ended.some(({ isSimple, isPlain }) => !isSimple || !isPlain)) this.#wakeup.call()
  }

  /** What somebody cancelled, or has taken over: the notification may be lost, so they are asked for too. */
  async #findLost(jobs: readonly Claimed[]): Promise<void> {
    if (jobs.length === 0) return
    const [ids, tokens] = [`{${jobs.map(({ id }) => id).join(',')}}`, `{${jobs.map(({ token }) => token).join(',')}}`]
    try {
      const answer = await this.#main.ask('select fencepost.lost_jobs($1, $2)', [ids, tokens], 'fencepost_lost')
      for (const { id, isCancelled } of JSON.parse(answer ?? '[]') as { id: number; isCancelled: boolean }[]) {
        this.#attempts.abort(id, (job) =>
          isCancelled ? new JobCancelledError(job) : new StaleJobError(job, 'somebody else has it'),
        )
      }
    } catch (error) {
      this.#options.onError(asError(error))
    }
  }
}

function stopped({ id, name }: { readonly id: number; readonly name: string }): Error {
  return new WorkerStoppedError(`the worker stopped before job ${id} (${name}) was done`)
}
