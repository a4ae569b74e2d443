import { setMaxListeners } from 'node:events'
import { asError } from '../ground/as-error.ts'
import type { Duration } from '../ground/duration.ts'
import type { Locks } from '../locks/locks.ts'
import { type ParsedCron, parseGrace } from './cron-options.ts'
import type { Found, Known, Records, Seen } from './records.ts'
import { runTick, type TickDesk } from './run-tick.ts'
import { ScheduleChangedError } from './schedule-errors.ts'
import type { Definition } from './schedule-record.ts'
import type { CronWork } from './tick.ts'
import { Timetable } from './timetable.ts'

export interface SchedulePlace {
  readonly namespace: string
  readonly locks: Locks
  readonly records: Records
  /** Called when a tick has ended, and another may be begun. */
  readonly freed: () => void
  /** Called when it begins to stop. */
  readonly stopped: (schedule: Schedule) => void
}

const MOST_AT_ONCE = 100

/** A schedule in this process, until it is stopped. */
export class Schedule implements AsyncDisposable {
  readonly name: string
  /** Aborts when it begins to stop. */
  readonly signal: AbortSignal
  readonly #parsed: ParsedCron
  readonly #place: SchedulePlace
  readonly #desk: TickDesk
  readonly #stopping = new AbortController()
  readonly #cut = new AbortController()
  /** Those of this process, by their ids; each resolves with whether it was begun. */
  readonly #runs = new Map<number, Promise<boolean>>()
  #inForce: { readonly text: string; readonly timetable: Timetable | null } | undefined
  #stopped: Promise<void> | undefined

  /** Use `fp.cron()`. */
  constructor(parsed: ParsedCron, work: CronWork, place: SchedulePlace) {
    this.name = parsed.name
    this.signal = this.#stopping.signal
    this.#parsed = parsed
    this.#place = place
    const { namespace, locks, records } = place
    const { name, timeoutMs } = parsed
    const tell = (error: Error) => this.tell(error)
    // Each tick listens.
    for (const signal of [this.signal, this.#cut.signal]) setMaxListeners(0, signal)
    const signals = { stopping: this.signal, cut: this.#cut.signal }
    this.#desk = { name, namespace, locks, records, work, timeoutMs, tell, ...signals }
    parsed.signal?.addEventListener('abort', () => void this.stop(), { once: true, signal: this.signal })
  }

  /**
   * Begins no tick any more, waits for those that run here, for `grace`, and then aborts the signals of the rest, which are lost. A tick that waits for it
   * waits for itself.
   */
  async stop({ grace }: { readonly grace?: Duration } = {}): Promise<void> {
    const graceMs = grace === undefined ? this.#parsed.graceMs : parseGrace(grace)
    this.#stopped ??= Promise.resolve().then(async () => await this.#stop(graceMs))
    if (!this.signal.aborted) this.#stopping.abort(new Error(`schedule "${this.name}" is stopping`))
    await this.#stopped
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** For whoever runs it: has the database know what this process declares. */
  async declare(): Promise<void> {
    const known = await this.#place.records.declare(this.name, this.#parsed.definition)
    this.#follow(known)
  }

  /** What is due of it by the server's clock and has no row yet; null: nothing. */
  find(known: Known, { now }: Seen): Found | null {
    const { timetable } = this.#follow(known)
    if (known.isPaused || timetable === null || known.nextAt === 'infinity') return null
    if (known.nextAt !== null && Date.parse(known.nextAt) > Date.parse(now)) return null
    const until = new Date(now)
    const ticks = timetable.between(new Date(known.settledUntil), until)
    return { until: now, ticks, next: timetable.next(until) }
  }

  /** Begins what is queued and may run here. */
  begin(known: Known): void {
    const isAlone = known.overlap !== 'allow'
    if (isAlone && (known.running > 0 || this.#runs.size > 0)) return
    for (const { id } of isAlone ? known.queued.slice(0, 1) : known.queued) {
      if (this.signal.aborted || this.#runs.size >= MOST_AT_ONCE) return
      if (!this.#runs.has(id)) this.#runs.set(id, this.#run(id, known))
    }
  }

  /** Whether any of those that run now, once they have all ended, had been begun. */
  async ran(): Promise<boolean> {
    return (await Promise.all(this.#runs.values())).includes(true)
  }

  /** What it throws becomes an uncaught exception, as that of any listener. */
  tell(error: Error): void {
    try {
      this.#parsed.onError(error)
    } catch (thrown) {
      process.nextTick(() => {
        throw thrown
      })
    }
  }

  async #run(id: number, known: Known): Promise<boolean> {
    let wasBegun = false
    try {
      wasBegun = await runTick(id, known, this.#desk)
    } catch (error) {
      if (error !== this.signal.reason) this.tell(asError(error))
    }
    this.#runs.delete(id)
    if (wasBegun) this.#place.freed()
    return wasBegun
  }

  /** By what the last has declared, whoever that was. */
  #follow(known: Known): { readonly timetable: Timetable | null } {
    const [declared, inForce] = [definitionOf(this.#parsed.definition), definitionOf(known)]
    // Not by its revision: of one that was forgotten these begin anew.
    const text = JSON.stringify(inForce)
    if (this.#inForce?.text === text) return this.#inForce
    const { application, host, process: pid } = known
    if (JSON.stringify(declared) !== text) {
      this.tell(new ScheduleChangedError(this.name, { declared, inForce, by: { application, host, process: pid } }))
    }
    this.#inForce = { text, timetable: this.#timetable(inForce) }
    return this.#inForce
  }

  /** Null for one that another version of this library has declared, and this one cannot read. */
  #timetable({ expression, tz }: Definition): Timetable | null {
    try {
      return new Timetable(expression, tz)
    } catch (error) {
      this.tell(asError(error))
      return null
    }
  }

  async #stop(graceMs: number): Promise<void> {
    this.#place.stopped(this)
    const late = setTimeout(() => this.#cut.abort(), graceMs)
    await this.ran()
    clearTimeout(late)
  }
}

function definitionOf({ expression, tz, missed, overlap, lost, history }: Definition): Definition {
  return { expression, tz, missed, overlap, lost, history }
}
