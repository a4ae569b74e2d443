import { pause } from '../ground/abort.ts'
import { asError } from '../ground/as-error.ts'
import type { Locks } from '../locks/locks.ts'
import { Scope } from '../locks/scope.ts'
import type { Session } from '../postgres/session.ts'
import type { ParsedCron } from './cron-options.ts'
import type { Known, Records, Seen } from './records.ts'
import { Schedule } from './schedule.ts'
import type { CronWork } from './tick.ts'

export interface SchedulerParts {
  readonly namespace: string
  readonly locks: Locks
  readonly records: Records
  /** The shared session, once the schema is there. */
  readonly main: () => Promise<Session>
}

/** What is not told: a pause, a changed clock, a replica that died between two steps. */
const LOOK_MS = 5000
/** While something runs or waits anywhere: its runner may die. */
const BUSY_LOOK_MS = 1000
/** While somebody else is giving ticks their rows. */
const OTHERS_MS = 250
const FIRST_AGAIN_MS = 100

/**
 * The schedules of one process: asks the database what is due, gives each tick its row, and begins those that are queued.
 *
 *     due ──▶ queued ──▶ running ──▶ done | failed
 *      │         ▲          │
 *      │         └──retry───┴──runner gone──▶ lost
 *      └──▶ missed | skipped
 *
 * The server's clock says what is due. All processes find the same ticks, one of them writes them down (`record_ticks`), and one begins each, under the lock of
 * the schedule; so no two of them need to agree on anything, least of all on the time.
 */
export class Scheduler {
  readonly #parts: SchedulerParts
  readonly #schedules = new Map<string, Schedule>()
  readonly #listening = new WeakSet<Session>()
  /** Aborted to end a sleep, or the next one. */
  #wakeup = new AbortController()
  #session: Session | undefined
  #isRunning = false
  #look: Promise<number> = Promise.resolve(0)

  constructor(parts: SchedulerParts) {
    this.#parts = parts
  }

  /** Resolves once the database knows of it. @throws {TypeError} if there is one of this name in this process. */
  async start(parsed: ParsedCron, work: CronWork): Promise<Schedule> {
    const { name, signal } = parsed
    signal?.throwIfAborted()
    if (this.#schedules.has(name))
      throw new TypeError(`schedule "${name}" runs in this process already; stop that first`)
    const { namespace, locks, records } = this.#parts
    const schedule = new Schedule(parsed, work, {
      namespace,
      locks,
      records,
      freed: () => this.#wakeup.abort(),
      stopped: () => this.#remove(name),
    })
    this.#schedules.set(name, schedule)
    try {
      await schedule.declare()
    } catch (error) {
      await schedule.stop()
      throw error
    }
    // In no callback that holds a lock: it goes on when that has ended.
    if (!this.#isRunning) void Scope.outside(async () => await this.#run())
    this.#wakeup.abort()
    return schedule
  }

  /** Stops all, each with its grace. */
  async stop(): Promise<void> {
    // The look that may be under way is not waited for: it begins nothing any more.
    await Promise.all([...this.#schedules.values()].map(async (schedule) => await schedule.stop()))
  }

  /** For tests: looks, and runs here what is due, until nothing is. */
  async drain(): Promise<void> {
    do await this.#lookNext()
    while (await this.#ran())
  }

  async #ran(): Promise<boolean> {
    const ran = await Promise.all([...this.#schedules.values()].map(async (schedule) => await schedule.ran()))
    return ran.includes(true)
  }

  #remove(name: string): void {
    this.#schedules.delete(name)
    this.#wakeup.abort()
  }

  /** It keeps the process alive. */
  async #run(): Promise<void> {
    this.#isRunning = true
    let [againMs, isOut] = [FIRST_AGAIN_MS, false]
    while (this.#schedules.size > 0) {
      try {
        await this.#sleep(await this.#lookNext())
        ;[againMs, isOut] = [FIRST_AGAIN_MS, false]
      } catch (error) {
        if (!isOut) this.#tell(asError(error))
        isOut = true
        await this.#sleep(againMs)
        againMs = Math.min(2 * againMs, LOOK_MS)
      }
    }
    this.#session?.letGo()
    this.#session = undefined
    this.#isRunning = false
  }

  async #sleep(ms: number): Promise<void> {
    await pause(ms, this.#wakeup.signal).catch(() => {})
    this.#wakeup = new AbortController()
  }

  /** One outage is told once to each who listens. */
  #tell(error: Error): void {
    for (const schedule of this.#schedules.values()) schedule.tell(error)
  }

  /** One after the other. Resolves with for how long nothing is due. */
  async #lookNext(): Promise<number> {
    const look = this.#look.catch(() => {}).then(async () => await this.#lookOnce())
    this.#look = look
    return await look
  }

  async #lookOnce(): Promise<number> {
    const names = [...this.#schedules.keys()]
    if (names.length === 0) return 0
    const session = await this.#open()
    const seen = await this.#parts.records.look(session, names)
    const lookedAt = performance.now()
    const known = new Map(seen.schedules.map((schedule) => [schedule.name, schedule]))
    let sleepMs = LOOK_MS
    for (const schedule of this.#schedules.values()) {
      const now = known.get(schedule.name)
      // Somebody has removed it, and it is needed still; one that was added meanwhile has called.
      if (now === undefined) await schedule.declare()
      else sleepMs = Math.min(sleepMs, await this.#attendApart(schedule, { session, known: now, seen }))
    }
    return Math.max(0, sleepMs - (performance.now() - lookedAt))
  }

  /** What goes wrong with one keeps no other. */
  async #attendApart(schedule: Schedule, attended: Attended): Promise<number> {
    try {
      return await this.#attend(schedule, attended)
    } catch (error) {
      if (attended.session.over.aborted) throw error
      schedule.tell(asError(error))
      return LOOK_MS
    }
  }

  /** Resolves with for how long nothing is due of it. */
  async #attend(schedule: Schedule, { session, known, seen }: Attended): Promise<number> {
    const found = schedule.find(known, seen)
    const now = found === null ? known : await this.#parts.records.record(session, known, found)
    if (now === null) return OTHERS_MS
    schedule.begin(now)
    return restMs(now, seen)
  }

  async #open(): Promise<Session> {
    const session = await this.#parts.main()
    if (this.#session !== session) {
      this.#session?.letGo()
      this.#session = session
      session.hold()
    }
    if (!this.#listening.has(session)) {
      this.#listening.add(session)
      await session.listenTo('fencepost:cron', (namespace) => {
        if (namespace === this.#parts.namespace) this.#wakeup.abort()
      })
    }
    return session
  }
}

interface Attended {
  readonly session: Session
  readonly known: Known
  readonly seen: Seen
}

function restMs({ nextAt, isPaused, running, queued }: Known, { now }: Seen): number {
  const mostMs = running + queued.length > 0 ? BUSY_LOOK_MS : LOOK_MS
  if (isPaused || nextAt === 'infinity') return mostMs
  if (nextAt === null) return OTHERS_MS
  return Math.min(mostMs, Date.parse(nextAt) - Date.parse(now))
}
