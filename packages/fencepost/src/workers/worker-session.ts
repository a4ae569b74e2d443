import { hostname } from 'node:os'
import type { Claimed } from '../attempts/claimed.ts'
import { parseDuration } from '../ground/duration.ts'
import type { Session } from '../postgres/session.ts'
import type { Job } from '../queue/job.ts'
import { sqlState } from '../wire/sql-state.ts'
import type { Attempts } from './attempts.ts'
import { Claims, type Look, type Outlook, textArray } from './claims.ts'
import type { Wakeup } from './wakeup.ts'

export interface WorkerSessionOptions {
  readonly session: Session
  readonly attempts: Attempts
  readonly wakeup: Wakeup
  readonly queues: readonly string[]
  readonly jobs: readonly Job[]
  readonly concurrency: number
  readonly application: string
  readonly listens: boolean
  readonly freezeMs: number
  /** Whether all that ended has been recorded. */
  readonly isSettled: () => boolean
  /** Nothing was found in a look that began at this time, and nothing runs. */
  readonly idle: (lookedAt: number) => void
  /** A running job of ours may have been taken from us, by its id. */
  readonly suspected: (id: number) => void
}

const LOOK_MS = 400
const AWAKE_MS = 2000
const IDLE_MS = 5000
const POLL_MS = 1000
const FIRST_AGAIN_MS = 5
const AGAIN_MS = 100
const SWEEP_MS = 60_000
/** By one statement, which claims wait behind; if there were as many, the next one follows soon. */
const SWEPT_AT_ONCE = 500

/**
 * One session's life as a worker: it claims while there is room, and sleeps while there is nothing.
 *
 *   awake ──nothing behind the watermark──▶ looks, lying down ──nothing──▶ asleep ──NOTIFY, time──▶ claims
 *     ▲                                          │ found                                              │ found
 *     └──────────────── gets up ◀────────────────┴────────────────────────────────────────────────────┘
 *
 * Who lies has enqueuers send a NOTIFY (register_sleeper), and looks once more before it sleeps. All claims are on the connection that holds
 * the session's key: once that is free, no claim of this session can come any more.
 */
export class WorkerSession {
  readonly #options: WorkerSessionOptions
  readonly #claims: Claims
  #isLying = false
  #isBusy = false
  #activeAt = performance.now()
  #againMs = FIRST_AGAIN_MS
  #outlook: Outlook = { dueMs: null, isBusy: false, isEnqueuing: false }
  #isStopping = false
  #sweepAt = 0

  static async begin(options: WorkerSessionOptions): Promise<WorkerSession> {
    const { session, jobs, queues, concurrency, application, listens, wakeup } = options
    await writeLimits(session, jobs)
    const values = [
      textArray(queues),
      String(concurrency),
      String(session.key),
      application,
      hostname(),
      String(process.pid),
    ]
    await session.ask('select fencepost.open_worker($1, $2, $3, $4, $5, $6)', values, 'fencepost_open_worker')
    const begun = new WorkerSession(options)
    if (listens) {
      await session.listen((payload) => begun.#told(payload))
      await session.listenTo('fencepost:jobs', (queue) => {
        if (queues.includes(queue)) begun.#wake()
      })
    }
    session.whenOver(() => wakeup.call())
    return begun
  }

  private constructor(options: WorkerSessionOptions) {
    this.#options = options
    this.#claims = new Claims(
      options.session,
      options.queues,
      options.jobs.map(({ name }) => name),
    )
  }

  /** Returns once it was told to stop. @throws what ended the session. */
  async work(): Promise<void> {
    const { session, attempts, wakeup } = this.#options
    let isEmpty = false
    while (!this.#isStopping) {
      session.over.throwIfAborted()
      const room = attempts.room
      if (room <= 0) {
        await wakeup.wait(Number.POSITIVE_INFINITY)
        continue
      }
      const isLook = isEmpty || this.#claims.sinceLookMs > Math.max(LOOK_MS, this.#claims.restMs)
      const found = await (isLook ? this.#look(room, isEmpty) : this.#claims.claim(room)).catch(unlessLocked)
      if (found === undefined) {
        // Without lying down: it may be the sign of the sleepers that cannot be had.
        isEmpty = false
        await wakeup.wait(AGAIN_MS)
        continue
      }
      this.#take(found)
      if (isLook && found.length === 0 && isEmpty) isEmpty = !(await this.#sleep())
      else if (found.length > 0) isEmpty = false
      else isEmpty = await this.#rest()
    }
  }

  /** No more claims; what has been claimed by a statement under way is still taken. */
  stop(): void {
    this.#isStopping = true
    this.#options.wakeup.call()
  }

  /** When nothing of it is left: otherwise it stays listed, and others find its jobs. */
  async end(): Promise<void> {
    const { session } = this.#options
    await session.ask('select fencepost.close_worker($1)', [String(session.key)], 'fencepost_close_worker')
  }

  async #look(room: number, isEmpty: boolean): Promise<readonly Claimed[] | undefined> {
    const { session, listens, attempts, isSettled, idle } = this.#options
    const liesDown = isEmpty && listens && !this.#isLying
    if (isEmpty && this.#isBusy && attempts.isIdle && isSettled()) this.#markBusy(false)
    const wasIdle = attempts.isIdle && isSettled()
    const askedAt = performance.now()
    if (performance.now() >= this.#sweepAt) send(this.#sweep())
    let look: Look | undefined
    try {
      look = await this.#claims.look(room, liesDown ? 'lies down' : 'stays')
    } finally {
      // What is held by the connection outlives the statement.
      if (liesDown && look === undefined) this.#getUp()
    }
    if (look === undefined) return undefined
    const { jobs, outlook } = look
    this.#isLying ||= liesDown
    this.#outlook = outlook
    session.over.throwIfAborted()
    if (jobs.length === 0 && wasIdle) idle(askedAt)
    return jobs
  }

  /** What nobody is to see any more: jobs that were kept for a time, windows of keys, beginnings that a rate was counted by. */
  async #sweep(): Promise<void> {
    const { session } = this.#options
    this.#sweepAt = performance.now() + SWEEP_MS
    const swept = await session.ask(
      'select fencepost.sweep_finished_jobs($1)',
      [String(SWEPT_AT_ONCE)],
      'fencepost_sweep',
    )
    if (Number(swept) >= SWEPT_AT_ONCE) this.#sweepAt = performance.now() + POLL_MS
  }

  #take(found: readonly Claimed[]): void {
    if (found.length === 0) return
    const { attempts } = this.#options
    this.#activeAt = performance.now()
    this.#againMs = FIRST_AGAIN_MS
    if (!this.#isBusy) this.#markBusy(true)
    if (this.#isLying) {
      this.#isLying = false
      this.#getUp()
    }
    attempts.take(found)
  }

  #getUp(): void {
    const { session, queues } = this.#options
    send(session.ask('select fencepost.unregister_sleeper($1)', [textArray(queues)], 'fencepost_get_up'))
  }

  /** While it has jobs others look more often whether it still lives, and it beats. */
  #markBusy(isBusy: boolean): void {
    const { session } = this.#options
    this.#isBusy = isBusy
    if (isBusy) session.hold()
    else session.letGo()
    send(session.ask('select fencepost.mark_busy($1)', [String(isBusy)], 'fencepost_mark_busy'))
  }

  /** After an empty claim: whether the next one is to be a look. Not at once where the last one took long. */
  async #rest(): Promise<boolean> {
    const { restMs } = this.#claims
    if (restMs > LOOK_MS) await this.#options.wakeup.wait(restMs)
    return true
  }

  /** False: it is time for another look; true: somebody has enqueued, or there is room again. */
  async #sleep(): Promise<boolean> {
    return await this.#options.wakeup.wait(this.#napMs())
  }

  #napMs(): number {
    const { listens, freezeMs } = this.#options
    const { dueMs, isBusy, isEnqueuing } = this.#outlook
    const isActive = isBusy || performance.now() - this.#activeAt < AWAKE_MS
    // A session that is not held is silent while it sleeps.
    let ms = Math.min(!listens ? POLL_MS : isActive ? LOOK_MS : IDLE_MS, freezeMs > 0 ? freezeMs / 4 : IDLE_MS)
    if (isEnqueuing && listens) {
      ms = Math.min(ms, this.#againMs)
      this.#againMs *= 2
    } else this.#againMs = FIRST_AGAIN_MS
    return Math.min(ms, dueMs === null ? ms : Math.max(2, Math.ceil(dueMs) + 1))
  }

  #wake(): void {
    this.#activeAt = performance.now()
    this.#options.wakeup.call()
  }

  /** `job:<id>:<token>`: the table decides whether it is true. */
  #told(payload: string): void {
    const id = /^job:(\d+):/.exec(payload)?.[1]
    if (id !== undefined) this.#options.suspected(Number(id))
  }
}

/** A table that somebody has locked, or a queue whose mutex somebody keeps, is waited for: what runs goes on. */
function unlessLocked(error: unknown): undefined {
  if (sqlState(error) !== '55P03') throw error
}

/** If it fails the session is over, and what it would have told the server with it. */
function send(statement: Promise<unknown>): void {
  statement.catch(() => {})
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
