import { firstOf, pause } from '../ground/abort.ts'
import { asError } from '../ground/as-error.ts'
import { type Duration, parseDuration } from '../ground/duration.ts'
import { Session, type SessionOptions } from '../postgres/session.ts'
import type { Origin } from '../postgres/target.ts'
import type { Job } from '../queue/job.ts'
import { queueNameOf } from '../queue/queue-name.ts'
import { Bell } from './bell.ts'
import type { Claimed } from '../attempts/claimed.ts'
import { Crew } from './crew.ts'
import { JobCancelledError, StaleJobError, WorkerLostError, WorkerStoppedError } from '../attempts/job-errors.ts'
import { Outcomes } from './outcomes.ts'
import { Shift } from './shift.ts'
import { type ParsedOptions, parseGrace } from './worker-options.ts'

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
  readonly #bell = new Bell()
  readonly #outcomes: Outcomes
  readonly #crew: Crew
  readonly #watch: NodeJS.Timeout
  readonly #finished: Promise<void>
  #shift: Shift | undefined
  #desk: Promise<Session> | undefined
  #waiting: { readonly since: number; readonly resolve: () => void }[] = []
  #stopped: Promise<void> | undefined

  /** Use `fp.worker()`. */
  constructor(parts: WorkerParts, jobs: readonly Job[], options: ParsedOptions) {
    this.#parts = parts
    this.#jobs = jobs
    this.#options = options
    this.signal = this.#stopping.signal
    const { onError, concurrency, stopOn } = options
    const refused = (lost: readonly Claimed[]) =>
      lost.forEach((job) => onError(new StaleJobError(job, 'it ended too late')))
    const recorded = (ended: readonly Claimed[]) => this.#recorded(ended)
    const isLast = () => this.signal.aborted
    this.#outcomes = new Outcomes({ session: () => this.#openDesk(), isLast, refused, recorded, onError })
    const { origin, schema, freezeMs } = parts
    const session = {
      query: async <Row>(text: string, values: unknown[], name?: string) =>
        await (await this.#openDesk()).query<Row>(text, values, name),
      ask: async (...question: Parameters<Session['ask']>) => await (await this.#openDesk()).ask(...question),
    }
    const desk = { origin, schema, freezeMs, session }
    const rung = () => this.#bell.ring()
    this.#crew = new Crew({ jobs, concurrency, desk, outcomes: this.#outcomes, rung, onError })
    this.#watch = setInterval(() => void this.#findLost(this.#crew.runningFor(SUSPECT_MS)), SUSPECT_MS).unref()
    for (const name of stopOn) process.on(name, this.#stopNow)
    this.#finished = this.#run()
  }

  /**
   * Claims nothing more, gives back at once what it has not begun, waits for what runs, for `grace`, and then aborts the signals of the
   * rest and gives that back too. Once it resolves, nothing of this worker is left in the database.
   */
  async stop({ grace }: { readonly grace?: Duration } = {}): Promise<void> {
    const graceMs = grace === undefined ? this.#options.graceMs : parseGrace(grace)
    if (this.#stopped === undefined) {
      let resolve: (stopped: Promise<void>) => void = () => {}
      // Before it begins: who hears of it by the signal may call this again.
      this.#stopped = new Promise((resolved) => (resolve = resolved))
      resolve(this.#stop(graceMs))
    }
    await this.#stopped
  }

  /** Resolves once it has looked and found nothing it could run, nothing runs, and how everything ended is recorded. */
  async idle(): Promise<void> {
    if (this.signal.aborted) return await this.#stopped
    const idle = new Promise<void>((resolve) => this.#waiting.push({ since: performance.now(), resolve }))
    this.#bell.ring()
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
        await this.#runShift()
      } catch (error) {
        if (this.signal.aborted) break
        this.#options.onError(asError(error))
        if (performance.now() - began > LONGEST_AGAIN_MS) againMs = FIRST_AGAIN_MS
        await pause(againMs, this.signal).catch(() => {})
      }
    }
  }

  async #runShift(): Promise<void> {
    using signal = firstOf([this.signal, this.#closing.signal])
    const session = await Session.open({ ...this.#parts, signal: signal.signal })
    try {
      this.#shift = await this.#beginShift(session)
      if (this.signal.aborted) this.#shift.stop()
      await this.#shift.work()
      await this.#leave(this.#shift)
      await session.close()
    } catch (error) {
      const cause = session.describe(error)
      this.#crew.giveUp()
      this.#crew.abortAll(
        ({ id, name }) => new WorkerLostError(`job ${id} (${name}) was lost with the session of its worker`, { cause }),
      )
      session.destroy(cause)
      throw cause
    } finally {
      this.#shift = undefined
    }
  }

  async #beginShift(session: Session): Promise<Shift> {
    const { application, namespace, freezeMs } = this.#parts
    const { concurrency, listens, queues } = this.#options
    await writeLimits(session, this.#jobs)
    return await Shift.begin({
      session,
      crew: this.#crew,
      bell: this.#bell,
      queues: queues.map((queue) => queueNameOf(namespace, queue)),
      names: this.#jobs.map(({ name }) => name),
      ...{ concurrency, application, listens, freezeMs },
      isSettled: () => this.#outcomes.isSettled,
      idle: (lookedAt) => this.#tellIdle(lookedAt),
      suspected: (id) => void this.#findLost(this.#crew.runningFor(0).filter((job) => job.id === id)),
    })
  }

  #graceUntil = 0

  async #stop(graceMs: number): Promise<void> {
    this.#graceUntil = performance.now() + graceMs
    this.#stopping.abort(new WorkerStoppedError('the worker is stopping'))
    this.#shift?.stop()
    for (const name of this.#options.stopOn) process.off(name, this.#stopNow)
    await this.#finished.catch(() => {})
    clearInterval(this.#watch)
    await this.#outcomes.settled()
    this.#closing.abort(this.signal.reason)
    const desk = this.#desk
    await desk?.then(async (session) => await session.close()).catch(() => {})
    for (const { resolve } of this.#waiting.splice(0)) resolve()
  }

  /** Everything that was claimed is done, or given back. */
  async #leave(shift: Shift): Promise<void> {
    for (const job of this.#crew.giveUp()) this.#outcomes.giveBack(job, 'not begun')
    while (!this.#crew.isIdle) {
      const leftMs = this.#graceUntil - performance.now()
      if (leftMs <= 0) break
      await this.#bell.wait(leftMs)
    }
    const stopped = ({ id, name }: Claimed | { id: number; name: string }) =>
      new WorkerStoppedError(`the worker stopped before job ${id} (${name}) was done`)
    for (const job of this.#crew.abortAll(stopped)) this.#outcomes.giveBack(job, 'begun')
    await this.#outcomes.settled()
    await shift.end()
  }

  /** Jobs that were waiting for others, of a group say, may run now. */
  #recorded(ended: readonly Claimed[]): void {
    if (ended.some(({ isSimple, isPlain }) => !isSimple || isPlain === false)) this.#bell.ring()
  }

  #tellIdle(lookedAt: number): void {
    const [told, others] = [
      this.#waiting.filter(({ since }) => since <= lookedAt),
      this.#waiting.filter(({ since }) => since > lookedAt),
    ]
    this.#waiting = others
    for (const { resolve } of told) resolve()
    if (others.length > 0) this.#bell.ring()
  }

  /** What somebody cancelled, or has taken over: the notification may be lost, so they are asked for too. */
  async #findLost(jobs: readonly Claimed[]): Promise<void> {
    if (jobs.length === 0) return
    const [ids, tokens] = [`{${jobs.map(({ id }) => id).join(',')}}`, `{${jobs.map(({ token }) => token).join(',')}}`]
    try {
      const desk = await this.#openDesk()
      const answer = await desk.ask('select fencepost.lost_jobs($1, $2)', [ids, tokens], 'fencepost_lost')
      for (const { id, isCancelled } of JSON.parse(answer ?? '[]') as { id: number; isCancelled: boolean }[]) {
        this.#crew.abort(id, (job) =>
          isCancelled ? new JobCancelledError(job) : new StaleJobError(job, 'somebody else has it'),
        )
      }
    } catch (error) {
      this.#options.onError(asError(error))
    }
  }

  /** For all but claims. An idle one is closed after a while, and this opens another. */
  async #openDesk(): Promise<Session> {
    if (this.#desk === undefined) {
      const opening = Session.open({ ...this.#parts, signal: this.#closing.signal })
      this.#desk = opening
      const forget = () => {
        if (this.#desk === opening) this.#desk = undefined
      }
      opening.then((session) => session.whenOver(forget), forget)
    }
    return await this.#desk
  }
}

/** Those of the definitions: from now on they hold for all workers. */
async function writeLimits(session: Session, jobs: readonly Job[]): Promise<void> {
  for (const { name, concurrency, rate } of jobs) {
    if (concurrency === undefined && rate === undefined) continue
    const per = rate === undefined ? null : `${parseDuration(rate.per, 'per')} ms`
    const values = [name, concurrency ?? null, rate?.limit ?? null, per]
    await session.query("select fencepost.limit_jobs('job', $1, $2::integer, $3::integer, $4::interval)", values)
  }
}
