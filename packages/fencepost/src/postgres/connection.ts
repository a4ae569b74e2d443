import { setMaxListeners } from 'node:events'
import { Socket } from 'node:net'
import { Client, type ClientConfig } from 'pg'
import { asError } from './driver-error.ts'

/** What the typings leave out. */
type PgClient = Client & { ref(): void; unref(): void; readonly processID: number }

/**
 * One connection of our own, pipelined: statements go out at once and answer in order, so nothing that waits for
 * others may be sent on one that others share. It keeps the process alive only while somebody waits or holds.
 */
export class Connection {
  /** Aborts when the connection is over, with the first thing that was heard of it. */
  readonly over: AbortSignal
  readonly #over = new AbortController()
  readonly #client: PgClient
  readonly #socket: Socket
  #users = 0

  /** Rejects with what the driver, the network or the server said. */
  static async open(config: ClientConfig, application: string): Promise<Connection> {
    const connection = new Connection(config, application)
    try {
      await connection.#client.connect()
    } catch (error) {
      connection.destroy(asError(error))
      throw error
    }
    connection.letGo()
    return connection
  }

  private constructor(config: ClientConfig, application: string) {
    this.over = this.#over.signal
    // Every lock that is held listens.
    setMaxListeners(0, this.over)
    this.#socket = new Socket()
    this.#users = 1
    this.#client = new Client({
      ...config,
      application_name: application.slice(0, 63),
      // Ours to set, one by one after the connect; as start-up options a pooler would refuse them.
      statement_timeout: false,
      query_timeout: 0,
      keepAlive: true,
      keepAliveInitialDelayMillis: 1000,
      pipeline: true,
      stream: () => this.#socket,
    }) as PgClient
    this.#client.on('error', (error) => this.#over.abort(error))
    this.#client.on('end', () => this.#over.abort(new Error('the connection ended')))
  }

  /** Process id of the server's backend. */
  get backend(): number {
    return this.#client.processID
  }

  /** A named statement is prepared once for the life of the connection. */
  async query<Row>(text: string, values: unknown[] = [], name?: string): Promise<Row[]> {
    if (this.over.aborted) throw asError(this.over.reason)
    this.hold()
    try {
      const result = await this.#client.query({ text, values, ...(name === undefined ? {} : { name }) })
      return result.rows as Row[]
    } finally {
      this.letGo()
    }
  }

  /** Several statements in one message, without parameters and rows. */
  async run(script: string): Promise<void> {
    this.hold()
    try {
      await this.#client.query(script)
    } finally {
      this.letGo()
    }
  }

  /** Keeps the process alive until as many `letGo` have followed. */
  hold(): void {
    if (this.#users++ === 0) this.#client.ref()
  }

  letGo(): void {
    if (--this.#users === 0) this.#client.unref()
  }

  /** True while somebody waits for an answer or holds something. */
  get isUsed(): boolean {
    return this.#users > 0
  }

  /** Says goodbye; the server lets go of everything this connection held. */
  async close(): Promise<void> {
    this.#over.abort(new Error('the connection was closed'))
    this.#client.ref()
    await this.#client.end().catch(() => {})
  }

  /** For a connection that no longer answers. Every statement under way rejects. */
  destroy(reason: Error): void {
    this.#over.abort(reason)
    this.#socket.destroy()
  }
}
