import { hostname } from 'node:os'
import type { Session } from '../postgres/session.ts'
import { sqlState } from '../wire/sql-state.ts'
import type { Bell } from './bell.ts'
import { Claims, type Outlook, textArray } from './claims.ts'
import type { Crew } from './crew.ts'
import type { Claimed } from '../attempts/claimed.ts'

export interface ShiftOptions {
  readonly session: Session
  readonly crew: Crew
  readonly bell: Bell
  readonly queues: readonly string[]
  readonly names: readonly string[]
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
const LOCKED_MS = 100
/** What timers take. */
const FOREVER_MS = 2 ** 31 - 1

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
export class Shift {
  readonly #options: ShiftOptions
  readonly #claims: Claims
  #isLying = false
  #isBusy = false
  #activeAt = performance.now()
  #againMs = FIRST_AGAIN_MS
  #outlook: Outlook = { dueMs: null, isBusy: false, isEnqueuing: false }
  #isStopping = false

  static async begin(options: ShiftOptions): Promise<Shift> {
    const { session, queues, concurrency, application, listens, bell } = options
    const values = [
      textArray(queues),
      String(concurrency),
      String(session.key),
      application,
      hostname(),
      String(process.pid),
    ]
    await session.ask('select fencepost.open_worker($1, $2, $3, $4, $5, $6)', values, 'fencepost_open_worker')
    const shift = new Shift(options)
    if (listens) {
      await session.listen((payload) => shift.#told(payload))
      await session.listenTo('fencepost:jobs', (queue) => {
        if (queues.includes(queue)) shift.#wake()
      })
    }
    session.whenOver(() => bell.ring())
    return shift
  }

  private constructor(options: ShiftOptions) {
    this.#options = options
    this.#claims = new Claims(options.session, options.queues, options.names)
  }

  /** Returns once it was told to stop. @throws what ended the session. */
  async work(): Promise<void> {
    const { session, crew, bell } = this.#options
    let isEmpty = false
    while (!this.#isStopping) {
      session.over.throwIfAborted()
      const room = crew.room
      if (room <= 0) {
        await bell.wait(FOREVER_MS)
        continue
      }
      const isLook = isEmpty || this.#claims.sinceLookMs > Math.max(LOOK_MS, this.#claims.restMs)
      const found = await (isLook ? this.#look(room, isEmpty) : this.#claims.claim(room)).catch(unlessLocked)
      if (found === undefined) {
        // Without lying down: it may be the sign of the sleepers that cannot be had.
        isEmpty = false
        await bell.wait(LOCKED_MS)
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
    this.#options.bell.ring()
  }

  /** When nothing of it is left: otherwise it stays listed, and others find its jobs. */
  async end(): Promise<void> {
    const { session } = this.#options
    await session.ask('select fencepost.close_worker($1)', [String(session.key)], 'fencepost_close_worker')
  }

  async #look(room: number, isEmpty: boolean): Promise<readonly Claimed[]> {
    const { session, listens, crew, isSettled, idle } = this.#options
    const liesDown = isEmpty && listens && !this.#isLying
    if (isEmpty && this.#isBusy && crew.isIdle && isSettled()) this.#markBusy(false)
    const wasIdle = crew.isIdle && isSettled()
    const askedAt = performance.now()
    const { jobs, outlook } = await this.#claims
      .look(room, liesDown ? 'lies down' : 'stays')
      .catch((error: unknown) => {
        // What is held by the connection outlives the statement.
        if (liesDown) this.#getUp()
        throw error
      })
    this.#isLying ||= liesDown
    this.#outlook = outlook
    session.over.throwIfAborted()
    if (jobs.length === 0 && wasIdle) idle(askedAt)
    return jobs
  }

  #take(found: readonly Claimed[]): void {
    if (found.length === 0) return
    const { crew } = this.#options
    this.#activeAt = performance.now()
    this.#againMs = FIRST_AGAIN_MS
    if (!this.#isBusy) this.#markBusy(true)
    if (this.#isLying) {
      this.#isLying = false
      this.#getUp()
    }
    crew.take(found)
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
    if (restMs > LOOK_MS) await this.#options.bell.wait(restMs)
    return true
  }

  /** False: it is time for another look; true: somebody has enqueued, or there is room again. */
  async #sleep(): Promise<boolean> {
    return await this.#options.bell.wait(this.#napMs())
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
    this.#options.bell.ring()
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
