import { hostname } from 'node:os'
import type { ClientConfig } from 'pg'
import { Bag, type Seat } from '../ground/bag.ts'
import { Connection } from '../wire/connection.ts'
import type { Parameter } from '../wire/question.ts'
import { asError } from '../ground/as-error.ts'
import { describeFailure, type Place } from './driver-error.ts'
import { Heartbeat } from '../wire/heartbeat.ts'
import { refuseUnsafePooler } from './pooler.ts'
import { prepareSession } from './prepare-session.ts'
import type { Schema } from './schema.ts'

export interface SessionOptions {
  readonly config: ClientConfig
  readonly where: string
  readonly schema: Schema
  readonly application: string
  /** 0: a frozen process is never let go of. */
  readonly freezeMs: number
  /** Called with the connection before anything of our schema is used on it. */
  readonly ready: (connection: Connection) => Promise<void>
  /** Gives up opening. */
  readonly signal: AbortSignal
}

const ANSWER_MS = 10_000
/** A migration of another process is waited for, and one of ours may take its time. */
const READY_MS = 300_000

/**
 * A connection of ours and all it holds. While it is used it beats, so that a lost network is noticed; the server ends
 * it when it has heard nothing for `freezeMs`. What it held is lost with it, and `over` tells.
 */
export class Session {
  /** Random, held as an advisory lock while the session lives, never used again. */
  readonly key: bigint
  /** Promises that are weaker here because the host refused a setting. */
  readonly weakened: readonly string[]
  readonly over: AbortSignal
  readonly backend: number
  /** For another connection to the same server, by the same role. */
  readonly config: ClientConfig
  readonly #connection: Connection
  readonly #place: Place
  readonly #waiting = new Bag<() => void>()

  /** @throws {DatabaseUnreachableError | AuthenticationError | StandbyError | UnsafePoolerError | UnsupportedServerError | MissingPrivilegeError} */
  static async open(options: SessionOptions): Promise<Session> {
    const { config, application, signal, where, schema } = options
    let place: Place = { where, schema }
    let connection: Connection | undefined
    const giveUp = () => connection?.destroy(asError(signal.reason))
    try {
      connection = await Connection.open(config, `${application} fencepost`, signal)
      signal.addEventListener('abort', giveUp, { once: true })
      await answered(connection, ANSWER_MS, refuseUnsafePooler(connection, config, where))
      const { weakened, role } = await answered(connection, ANSWER_MS, prepareSession(connection, options))
      place = { ...place, role }
      await answered(connection, READY_MS, options.ready(connection))
      const key = await answered(connection, ANSWER_MS, drawKey(connection, schema))
      const session = new Session(connection, place, { key, weakened, config })
      await answered(connection, ANSWER_MS, session.#introduce(application))
      // From now on; before, a statement may take longer than a heartbeat.
      Heartbeat.start(connection, options.freezeMs)
      return session
    } catch (error) {
      connection?.destroy(asError(error))
      throw signal.aborted ? signal.reason : describeFailure(error, place)
    } finally {
      signal.removeEventListener('abort', giveUp)
    }
  }

  private constructor(connection: Connection, place: Place, { key, weakened, config }: Known) {
    this.#connection = connection
    this.#place = place
    this.key = key
    this.weakened = weakened
    this.config = config
    this.over = connection.over
    this.backend = connection.backend
    this.over.addEventListener('abort', () => [...this.#waiting].forEach((tell) => tell()), { once: true })
  }

  /** Calls back once the session is over, later if it is already; cheaper than a listener each for thousands of locks. */
  whenOver(tell: () => void): Seat<() => void> {
    if (this.over.aborted) queueMicrotask(tell)
    return this.#waiting.add(tell)
  }

  notWhenOver(seat: Seat<() => void>): void {
    this.#waiting.remove(seat)
  }

  /** For how long the server has answered nothing; while something is held there are beats. */
  get silentMs(): number {
    return this.#connection.silentMs
  }

  /** Sends a statement of ours; `fencepost.` in it is the schema's name. A named one is prepared once. */
  async query<Row>(text: string, values: unknown[], name?: string): Promise<Row[]> {
    return await this.#connection.query<Row>(this.#place.schema.place(text), values, name)
  }

  /** Has a statement of one row and one column answered, as text; prepared once, by its name. */
  ask(text: string, values: readonly Parameter[], name: string): Promise<string | null> {
    return this.#connection.ask(this.#place.schema.place(text), values, name)
  }

  /** Calls back with what others tell this session by its key, `pg_notify('fencepost:<key>', …)`. */
  async listen(told: (payload: string) => void): Promise<void> {
    await this.listenTo(`fencepost:${this.key}`, told)
  }

  /** The same with a channel that others listen to as well. */
  async listenTo(channel: string, told: (payload: string) => void): Promise<void> {
    await this.#connection.listen(channel, told)
  }

  /** Keeps the session, and with it the process, until as many `letGo` have followed. */
  hold(): void {
    this.#connection.hold()
  }

  letGo(): void {
    this.#connection.letGo()
  }

  /** What went wrong on this session as a caller can act on it. */
  describe(error: unknown): Error {
    return describeFailure(error, this.#place)
  }

  /** Lets the process end although something is held; `ref` takes that back. */
  unref(): void {
    this.#connection.unref()
  }

  ref(): void {
    this.#connection.ref()
  }

  get isFrozen(): boolean {
    return this.#connection.isFrozen
  }

  /** For tests of what a frozen process meets. */
  freeze(): void {
    this.#connection.freeze()
  }

  thaw(): void {
    this.#connection.thaw()
  }

  async close(): Promise<void> {
    await this.#connection.close()
  }

  destroy(reason: Error): void {
    this.#connection.destroy(reason)
  }

  async #introduce(application: string): Promise<void> {
    const values = [this.key, application, hostname(), process.pid]
    await this.query('select fencepost.open_session($1, $2, $3, $4)', values)
  }
}

type Known = Pick<Session, 'key' | 'weakened' | 'config'>

async function drawKey(connection: Connection, schema: Schema): Promise<bigint> {
  const [drawn] = await connection.query<{ key: string }>(schema.place('select fencepost.session_key() as key'))
  return BigInt(drawn?.key ?? 0)
}

/** A server that takes the login and then says nothing is given up. */
async function answered<T>(connection: Connection, ms: number, work: Promise<T>): Promise<T> {
  const late = setTimeout(() => connection.destroy(new Error(`no answer within ${ms} ms`)), ms)
  try {
    return await work
  } finally {
    clearTimeout(late)
  }
}
