import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { Events } from '../events/events.ts'
import type { OfHeld } from '../events/lock-events.ts'
import { orAborted } from '../ground/abort.ts'
import type { Schema } from '../postgres/schema.ts'
import type { Session } from '../postgres/session.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { sqlState } from '../wire/sql-state.ts'
import { untilDone } from '../sessions/until-done.ts'
import { Journal, toldOf } from './journal.ts'

export interface RecorderOptions {
  readonly sessions: Sessions
  readonly events: Events
  readonly schema: Schema
  readonly application: string
}

interface Recorded {
  readonly namespace: string
  /** Empty for all names of all namespaces. */
  readonly name: string
}

const CHANNEL = 'fencepost:history'
const NAMES = 'select namespace, name from fencepost.history_names'
const WRITE = 'select fencepost.write_history($1, $2, $3, $4, $5) as "isDone"'
const SWEEP = 'select fencepost.sweep_history()'
/** What happens meanwhile is written down together. */
const GATHER_MS = 100
const AGAIN_MS = 1000
const GOODBYE_MS = 1000
const MOST = 500
const SWEEP_EVERY = 200

/**
 * Writes down what becomes of the locks of one instance, as far as the database asks for it: which names those are is read when a session opens,
 * and again when somebody changes it. While there are none nobody listens to the events, and nothing is done.
 */
export class Recorder {
  readonly #options: RecorderOptions
  readonly #journal = new Journal()
  readonly #recorder = randomBytes(8).readBigInt64BE()
  #names: ReadonlySet<string> = new Set()
  #subscriptions: Disposable[] = []
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()
  #writes = 0
  #isClosed = false

  constructor(options: RecorderOptions) {
    this.#options = options
    options.sessions.onMain((session) => void this.#watch(session))
  }

  /** Writes down what is not yet, for a second at most. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#unsubscribe()
    clearTimeout(this.#timer)
    if (this.#journal.size > 0) {
      await orAborted(this.#write(), AbortSignal.timeout(GOODBYE_MS)).catch(() => {})
    }
    this.#journal.clear()
    clearTimeout(this.#timer)
  }

  /**
   * From when it opens until it is over. Both are sent at once, before whatever the session was opened for: its first grant is recorded, and waits for
   * nothing.
   */
  async #watch(session: Session): Promise<void> {
    const read = () => this.#read(session).catch(() => {})
    let tries = 0
    const listening = untilDone(session, () => {
      tries++
      return session.listenTo(CHANNEL, (schema) => schema === this.#options.schema.name && void read())
    })
    await read()
    await listening
    if (tries > 1) await read()
  }

  async #read(session: Session): Promise<void> {
    const rows = await session.query<Recorded>(NAMES, [])
    this.#names = new Set(rows.map(nameOf))
    if (this.#names.size > 0) this.#subscribe()
    else this.#unsubscribeIfIdle()
  }

  #subscribe(): void {
    if (this.#subscriptions.length > 0 || this.#isClosed) return
    const { events } = this.#options
    const journal = this.#journal
    this.#subscriptions = [
      events.on('acquired', (event) => this.#hear(event, () => journal.acquired(event))),
      events.on('released', (event) => this.#hear(event, () => journal.ended(event, 'released'))),
      events.on('lost', (event) => this.#hear(event, () => journal.ended(event, 'lost'))),
      events.on('refused', (event) => this.#hear(event, () => journal.refused(event))),
    ]
  }

  /** What has begun is told to its end, also if no name is recorded any more. */
  #unsubscribeIfIdle(): void {
    if (this.#names.size === 0 && !this.#journal.hasOpen) this.#unsubscribe()
  }

  #unsubscribe(): void {
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]()
    this.#subscriptions = []
  }

  #hear(event: OfHeld, note: () => void): void {
    if (!this.#names.has(nameOf(event)) && !this.#names.has(EVERY) && !this.#journal.isOpen(event)) return
    note()
    this.#plan(GATHER_MS)
    this.#unsubscribeIfIdle()
  }

  /** It keeps the process alive for the first moment: what was noted last is mostly what is asked about. */
  #plan(ms: number): void {
    if (this.#isClosed) return
    this.#timer ??= setTimeout(() => void this.#write(), ms)
    if (ms > GATHER_MS) this.#timer.unref()
  }

  #write(): Promise<void> {
    this.#timer = undefined
    this.#writing = this.#writing.then(() => this.#writeAll())
    return this.#writing
  }

  async #writeAll(): Promise<void> {
    while (this.#journal.size > 0) {
      const entries = this.#journal.take(MOST)
      const isDone = await this.#send(toldOf(entries)).catch((error: unknown) => this.#giveUp(error))
      if (isDone) continue
      this.#journal.putBack(entries)
      return this.#plan(AGAIN_MS)
    }
  }

  /** True if it would fail again, as for a right that is missing: nothing is recorded then, until somebody changes what is. */
  #giveUp(error: unknown): boolean {
    if (sqlState(error)?.startsWith('42') !== true) return false
    this.#unsubscribe()
    this.#journal.clear()
    const message = `what becomes of locks cannot be recorded: ${(error as Error).message}`
    process.emitWarning(message, { type: 'FencepostWarning', code: 'FENCEPOST_HISTORY' })
    return true
  }

  async #send(told: readonly object[]): Promise<boolean> {
    const { sessions, application } = this.#options
    const { session } = await sessions.main()
    const values = [this.#recorder, application, hostname(), process.pid, JSON.stringify(told)]
    const [row] = await session.query<{ isDone: boolean }>(WRITE, values, 'write_history')
    if (this.#writes++ % SWEEP_EVERY === 0) await session.query(SWEEP, [], 'sweep_history').catch(() => {})
    return row?.isDone === true
  }
}

const EVERY = nameOf({ namespace: '', name: '' })

function nameOf({ namespace, name }: Recorded): string {
  return `${namespace}:${name}`
}
