import { describeFailure } from '../../postgres/driver-error.ts'
import type { Schema } from '../../postgres/schema.ts'
import { SEARCH_PATH } from '../../postgres/session-settings.ts'
import type { Origin } from '../../postgres/target.ts'
import { Connection } from '../../wire/connection.ts'
import { sqlState } from '../../wire/sql-state.ts'

/** Asks the server something; `fencepost.` in it is the schema's name. */
export type Ask = <Row>(text: string, values?: unknown[]) => Promise<Row[]>

export interface CatalogOptions {
  readonly origin: Origin
  readonly schema: Schema
  /** What the connection calls itself. */
  readonly application: string
}

const STATEMENT_MS = 5000
const LOCK_MS = 500
const READ_MS = 8000
// Local to the transaction: behind a pooler the connection is somebody else's afterwards.
const BEGIN = `
  begin isolation level read committed read only;
  set local search_path = ${SEARCH_PATH};
  set local statement_timeout = ${STATEMENT_MS};
  set local lock_timeout = ${LOCK_MS}`

/**
 * One connection that only reads: nothing is installed, set or locked by it, and nothing it asks for takes longer than some seconds.
 * It is opened at the first reading, and again if it broke.
 */
export class Catalog {
  readonly #options: CatalogOptions
  readonly #closing = new AbortController()
  #connection: Connection | undefined
  /** One reading after the other: each is a transaction. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: CatalogOptions) {
    this.#options = options
  }

  /** Rejects with what a caller can act on. */
  async read<T>(work: (ask: Ask) => Promise<T>): Promise<T> {
    const reading = this.#last.then(() => this.#read(work))
    this.#last = reading.catch(() => {})
    return await reading
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the inspector was closed'))
    await this.#last
    await this.#connection?.close()
  }

  async #read<T>(work: (ask: Ask) => Promise<T>): Promise<T> {
    const { origin, schema } = this.#options
    let late: NodeJS.Timeout | undefined
    try {
      const connection = await this.#open()
      late = setTimeout(() => connection.destroy(new Error(`no answer within ${READ_MS} ms`)), READ_MS)
      return await inTransaction(connection, () => work((text, values) => connection.query(schema.place(text), values)))
    } catch (error) {
      throw describeFailure(error, { where: origin.where, schema })
    } finally {
      clearTimeout(late)
    }
  }

  async #open(): Promise<Connection> {
    const { origin, application } = this.#options
    const { signal } = this.#closing
    signal.throwIfAborted()
    if (this.#connection === undefined || this.#connection.over.aborted) {
      this.#connection = await Connection.open(origin.config, application, signal)
    }
    return this.#connection
  }
}

async function inTransaction<T>(connection: Connection, work: () => Promise<T>): Promise<T> {
  try {
    await connection.run(BEGIN)
    const answer = await work()
    await connection.run('commit')
    return answer
  } catch (error) {
    await connection.run('rollback').catch(() => {})
    throw error
  }
}

/** What was asked for, or why the server does not tell: its SQLSTATE. The transaction goes on. */
export async function askOr<Row>(ask: Ask, work: () => Promise<Row>): Promise<Row | { readonly refused: string }> {
  await ask('savepoint asking')
  try {
    return await work()
  } catch (error) {
    const state = sqlState(error)
    // Without the right, function or table; a standby, which has no unlogged tables; a table that is locked.
    if (state === undefined || !/^(42|0A000|55P03|55000)/.test(state)) throw error
    await ask('rollback to savepoint asking')
    return { refused: state }
  }
}
