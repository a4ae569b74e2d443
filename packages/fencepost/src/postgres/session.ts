import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { ClientConfig } from 'pg'
import { StandbyError, UnsupportedServerError } from '../ground/errors.ts'
import { Connection } from './connection.ts'
import { asError, describeFailure } from './driver-error.ts'
import { Heartbeat } from './heartbeat.ts'
import type { Schema } from './schema.ts'
import { sessionSettings, sliceMs } from './session-settings.ts'

export interface SessionOptions {
  readonly config: ClientConfig
  readonly where: string
  readonly schema: Schema
  readonly application: string
  /** 0: a frozen process is never let go of. */
  readonly freezeMs: number
  /** Called with the connection before anything of our schema is used on it. */
  readonly ready: (connection: Connection) => Promise<void>
}

const OLDEST_SERVER = 130000

/**
 * A connection of ours and all it holds. While it is used it beats, so that a lost network is noticed; the server ends
 * it when it has heard nothing for `freezeMs`. What it held is lost with it, and `over` tells.
 */
export class Session {
  /** Random, held as an advisory lock while the session lives, never used again. */
  readonly key = randomBytes(8).readBigInt64BE()
  /** Promises that are weaker here because the host refused a setting. */
  readonly weakened: readonly string[]
  readonly over: AbortSignal
  readonly backend: number
  readonly #connection: Connection
  readonly #options: SessionOptions

  /** @throws {DatabaseUnreachableError | AuthenticationError | StandbyError | UnsupportedServerError | MissingPrivilegeError} */
  static async open(options: SessionOptions): Promise<Session> {
    let connection: Connection | undefined
    try {
      connection = await Connection.open(options.config, `${options.application} fencepost`)
      const weakened = await prepare(connection, options)
      await options.ready(connection)
      const session = new Session(connection, options, weakened)
      const { application } = options
      await session.query('select fencepost.open_session($1, $2, $3, $4)', [
        session.key,
        application,
        hostname(),
        process.pid,
      ])
      return session
    } catch (error) {
      connection?.destroy(asError(error))
      throw describeFailure(error, options.where, options.schema)
    }
  }

  private constructor(connection: Connection, options: SessionOptions, weakened: readonly string[]) {
    this.#connection = connection
    this.#options = options
    this.weakened = weakened
    this.over = connection.over
    this.backend = connection.backend
    const heartbeat = new Heartbeat(connection, options.freezeMs)
    this.over.addEventListener('abort', () => heartbeat.stop(), { once: true })
  }

  /** Sends a statement of ours; `fencepost.` in it is the schema's name. A named one is prepared once. */
  async query<Row>(text: string, values: unknown[], name?: string): Promise<Row[]> {
    return await this.#connection.query<Row>(this.#options.schema.place(text), values, name)
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
    return describeFailure(error, this.#options.where, this.#options.schema)
  }

  async close(): Promise<void> {
    await this.#connection.close()
  }

  destroy(reason: Error): void {
    this.#connection.destroy(reason)
  }
}

interface Server {
  readonly standby: boolean
  readonly version: number
  readonly banner: string
  readonly deadlockTimeoutMs: number
}

/** Two flights: what the server is and the settings, one by one as a host may refuse some. Returns what is weaker. */
async function prepare(connection: Connection, { freezeMs, where }: SessionOptions): Promise<string[]> {
  const facts = connection.query<Server>(
    `select pg_is_in_recovery() as standby, current_setting('server_version_num')::integer as version, version() as banner,
      extract(epoch from current_setting('deadlock_timeout')::interval)::float8 * 1000 as "deadlockTimeoutMs"`,
  )
  const settings = sessionSettings(freezeMs)
  const refused = await Promise.all(settings.map(({ name, value }) => isRefused(connection, name, value)))

  const [server] = await facts
  if (server === undefined || server.version < OLDEST_SERVER || /CockroachDB/.test(server.banner)) {
    throw new UnsupportedServerError(where, server?.banner ?? 'it tells no version')
  }
  if (server.standby) throw new StandbyError(where)
  await set(connection, 'lock_timeout', String(sliceMs(freezeMs, server.deadlockTimeoutMs)))
  return [...new Set(settings.filter(({ without }, i) => refused[i] && without !== '').map(({ without }) => without))]
}

async function isRefused(connection: Connection, name: string, value: string): Promise<boolean> {
  try {
    await set(connection, name, value)
    return false
  } catch (error) {
    if (connection.over.aborted) throw error
    return true
  }
}

async function set(connection: Connection, name: string, value: string): Promise<void> {
  await connection.query('select set_config($1, $2, false)', [name, value])
}
