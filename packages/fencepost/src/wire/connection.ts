import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Client, type ClientConfig, type QueryConfig, type QueryResult } from 'pg'
import { asError } from '../ground/as-error.ts'
import { type Parameter, Question } from './question.ts'
import { isEndOfSession } from './sql-state.ts'
import { types } from './types.ts'

/** What the typings leave out. */
type PgClient = Client & { ref(): void; unref(): void; readonly processID: number; query(question: Question): void }

const GOODBYE_MS = 1000

/**
 * One connection of our own, pipelined: statements go out at once and answer in order, so nothing that waits for
 * others may be sent on one that others share. It keeps the process alive only while somebody waits or holds.
 */
export class Connection {
  /** Aborts when the connection is over, with the first thing that was heard of it. */
  readonly over: AbortSignal
  readonly #over = new AbortController()
  readonly #client: PgClient
  readonly #streams: Duplex[] = []
  #ending: Error | undefined
  #users = 1
  #isFrozen = false
  #usedAt = performance.now()
  #answeredAt = performance.now()

  /** Rejects with what the driver, the network or the server said, or with the signal's reason. */
  static async open(config: ClientConfig, application: string, signal?: AbortSignal): Promise<Connection> {
    const connection = new Connection(config, application)
    const giveUp = () => connection.destroy(asError(signal?.reason))
    signal?.addEventListener('abort', giveUp, { once: true })
    try {
      await connection.#client.connect()
      signal?.throwIfAborted()
    } catch (error) {
      connection.destroy(asError(error))
      throw signal?.aborted ? signal.reason : error
    } finally {
      signal?.removeEventListener('abort', giveUp)
    }
    connection.letGo()
    return connection
  }

  private constructor(config: ClientConfig, application: string) {
    this.over = this.#over.signal
    const { stream = () => new Socket() } = config as { stream?: Duplex | ((options: ClientConfig) => Duplex) }
    this.#client = new Client({
      ...config,
      application_name: application.slice(0, 63),
      // Ours to set, one by one after the connect; as start-up options a pooler would refuse them.
      statement_timeout: false,
      query_timeout: 0,
      keepAlive: true,
      keepAliveInitialDelayMillis: 1000,
      pipeline: true,
      types,
      stream: (options: ClientConfig) => this.#keep(typeof stream === 'function' ? stream(options) : stream),
    } as ClientConfig) as PgClient
    this.#client.on('error', (error) =>
      isEndOfSession(error) ? void this.#end(error) : this.#over.abort(this.#ending ?? error),
    )
    this.#client.on('end', () => this.#over.abort(this.#ending ?? new Error('the connection ended')))
  }

  /** Calls back with the payload of each NOTIFY on a channel, until the connection is over. */
  async listen(channel: string, told: (payload: string) => void): Promise<void> {
    this.#client.on('notification', (message) => {
      if (message.channel === channel) told(message.payload ?? '')
    })
    await this.run(`listen ${this.#client.escapeIdentifier(channel)}`)
  }

  /** Process id of the server's backend. */
  get backend(): number {
    return this.#client.processID
  }

  /** For how long no statement has been answered. */
  get silentMs(): number {
    return performance.now() - this.#answeredAt
  }

  /** For how long nobody has waited for an answer or held anything. */
  get idleMs(): number {
    return this.#users > 0 ? 0 : performance.now() - this.#usedAt
  }

  /** A named statement is prepared once for the life of the connection. */
  async query<Row>(text: string, values: unknown[] = [], name?: string): Promise<Row[]> {
    const result = await this.#send({ text, values, ...(name === undefined ? {} : { name }) })
    return result.rows as Row[]
  }

  /**
   * Has a prepared statement of one row and one column answered, as text; null also for no row. The less is sent and read,
   * the faster: the driver asks at each execution what the columns are called, and makes an object of the row.
   */
  async ask(text: string, values: readonly Parameter[], name: string): Promise<string | null> {
    return await this.#settle(
      () =>
        new Promise((resolve, reject) => {
          const settled = (error: Error | null, answer: string | null) => (error ? reject(error) : resolve(answer))
          this.#client.query(new Question({ text, values, name }, settled))
        }),
    )
  }

  /** Several statements in one message, without parameters and rows. */
  async run(script: string): Promise<void> {
    await this.#send({ text: script })
  }

  /** Keeps the process alive until as many `letGo` have followed. */
  hold(): void {
    if (this.#users++ === 0) this.#client.ref()
  }

  letGo(): void {
    if (--this.#users > 0) return
    this.#usedAt = performance.now()
    this.#client.unref()
  }

  /** Lets the process end although something is held; `ref` takes that back. */
  unref(): void {
    this.#client.unref()
  }

  ref(): void {
    this.#client.ref()
  }

  /** Whether this process stands still, as far as this connection can know. */
  get isFrozen(): boolean {
    return this.#isFrozen
  }

  /** For tests of what a frozen process meets: nothing is read and nothing is sent, until `thaw`. */
  freeze(): void {
    if (this.#isFrozen) return
    this.#isFrozen = true
    const { stream } = this.#client.connection
    stream.pause()
    stream.cork()
  }

  /** What has arrived is read first: what is sent to a socket that is closed may be answered by a reset, and that is lost then. */
  thaw(): void {
    if (!this.#isFrozen) return
    this.#isFrozen = false
    const { stream } = this.#client.connection
    stream.resume()
    setImmediate(() => stream.uncork())
  }

  /** Says goodbye, for a second at most; the server lets go of everything this connection held. */
  async close(): Promise<void> {
    this.#over.abort(new Error('the connection was closed'))
    this.#client.ref()
    const late = setTimeout(() => this.#destroyStreams(), GOODBYE_MS)
    await this.#client.end().catch(() => {})
    clearTimeout(late)
  }

  /** For a connection that no longer answers. Every statement under way rejects. */
  destroy(reason: Error): void {
    this.#over.abort(reason)
    this.#destroyStreams()
  }

  async #send(query: QueryConfig): Promise<QueryResult> {
    return await this.#settle(() => this.#client.query(query))
  }

  async #settle<T>(send: () => Promise<T>): Promise<T> {
    if (this.#ending !== undefined) await this.#end(this.#ending)
    if (this.over.aborted) throw asError(this.over.reason)
    this.hold()
    try {
      return await send()
    } catch (error) {
      // The driver tells it to this statement alone.
      if (isEndOfSession(error)) await this.#end(error)
      throw error
    } finally {
      this.#answeredAt = performance.now()
      this.letGo()
    }
  }

  /** The server says so first, then lets go of what the session held, and then closes: it is over with the last of these. */
  async #end(error: unknown): Promise<void> {
    this.#ending ??= asError(error)
    if (this.over.aborted) return
    const late = setTimeout(() => this.#over.abort(this.#ending), GOODBYE_MS)
    await new Promise((resolve) => this.over.addEventListener('abort', resolve, { once: true }))
    clearTimeout(late)
  }

  #keep(stream: Duplex): Duplex {
    this.#streams.push(stream)
    return stream
  }

  #destroyStreams(): void {
    for (const stream of this.#streams) stream.destroy()
  }
}
