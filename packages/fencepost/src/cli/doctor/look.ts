import type pg from 'pg'
import type { Queryable } from '../../index.ts'

/** What takes longer is told as unseen. */
export const LIMITS = `set local statement_timeout = '10s'; set local lock_timeout = '1s'`

/**
 * How the database is looked at: in one read-only transaction at READ COMMITTED, which holds no snapshot between two looks and leaves nothing behind,
 * not even a setting behind a pooler. Each look has a savepoint, so that one that is refused does not end the others.
 */
export class Look {
  readonly #client: pg.Client
  readonly #schema: string

  static async begin(client: pg.Client, schema: string): Promise<Look> {
    // Up to PostgreSQL 14 anybody may create a function in `public` that suits a call better than the server's own.
    const path = 'set local search_path = pg_catalog, pg_temp'
    await client.query(`begin isolation level read committed read only; ${path}; ${LIMITS}`)
    return new Look(client, schema)
  }

  private constructor(client: pg.Client, schema: string) {
    this.#client = client
    this.#schema = schema
  }

  /** One statement without parameters, in one message; `fencepost.` in it is our schema's name. */
  async ask<Row>(text: string): Promise<Row[]> {
    const sql = text.replaceAll(/\bfencepost\./g, `"${this.#schema}".`)
    return await this.#inSavepoint(async () => {
      const results: unknown = await this.#client.query(`savepoint look; ${sql}; release savepoint look`)
      return (results as { rows: Row[] }[])[1]?.rows ?? []
    })
  }

  /** What needs statements of its own. */
  async through<T>(work: (client: Queryable) => Promise<T>): Promise<T> {
    return await this.#inSavepoint(async () => {
      await this.#client.query('savepoint look')
      const found = await work(this.#client)
      await this.#client.query('release savepoint look')
      return found
    })
  }

  async end(): Promise<void> {
    await this.#client.query('rollback')
  }

  async #inSavepoint<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      // Of a connection that is over this fails too, and says so.
      await this.#client.query('rollback to savepoint look')
      throw error
    }
  }
}
