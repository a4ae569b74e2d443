import { describeFailure } from '../postgres/driver-error.ts'
import type { Queryable } from '../postgres/queryable.ts'
import type { Schema } from '../postgres/schema.ts'
import type { Origin } from '../postgres/target.ts'

export interface ProtectOptions {
  /**
   * `'refuse'` (default): a write without a live token fails. `'report'`: it is recorded, `violations()` tells, and nothing is
   * refused or kept waiting, so that it can be switched on where it is not known yet who writes.
   */
  readonly mode?: 'refuse' | 'report'
}

/** A write to a table in mode `'report'` without a live token: one for each name and transaction, if it committed. */
export interface Violation {
  /** With its schema. */
  readonly table: string
  /** Null: a column of it was null, or the table was truncated. */
  readonly lockName: string | null
  /** The stale token it came with; null if it had none. */
  readonly token: number | null
  readonly operation: 'INSERT' | 'UPDATE' | 'DELETE' | 'TRUNCATE'
  readonly role: string
  readonly application: string
  /** Null over a Unix socket. */
  readonly client: string | null
  readonly at: Date
}

const VIOLATIONS = `
  select table_name as "table", nullif(lock_name, '') as "lockName", token::float8 as token, operation, role, application,
    host(client) as client, at
  from fencepost.violations where namespace = $1 order by at desc limit $2`

/** What protects tables: sent on the pool, as it waits for whoever uses the table. */
export class Protection {
  readonly #origin: Origin
  readonly #schema: Schema
  readonly #namespace: string

  constructor(origin: Origin, { schema, namespace }: { schema: Schema; namespace: string }) {
    this.#origin = origin
    this.#schema = schema
    this.#namespace = namespace
  }

  async protect(table: string, lockName: string, { mode = 'refuse' }: ProtectOptions): Promise<void> {
    checkTable(table)
    if (typeof lockName !== 'string' || lockName === '') throw new TypeError('protect() needs the name of a lock')
    if (mode !== 'refuse' && mode !== 'report') {
      throw new TypeError(`mode must be 'refuse' or 'report'; got '${String(mode)}'`)
    }
    const values = [table, lockName, mode, this.#namespace]
    await this.#query('select fencepost.protect($1::text::regclass, $2, $3, $4)', values)
  }

  async unprotect(table: string): Promise<boolean> {
    checkTable(table)
    const [row] = await this.#query<{ was: boolean }>('select fencepost.unprotect($1::text::regclass) as was', [table])
    return row?.was === true
  }

  async violations(limit: number): Promise<Violation[]> {
    if (!Number.isInteger(limit) || limit < 1) throw new TypeError(`limit must be a whole number above 0; got ${limit}`)
    return await this.#query<Violation>(VIOLATIONS, [this.#namespace, limit])
  }

  async #query<Row>(text: string, values: unknown[]): Promise<Row[]> {
    try {
      const client = (await this.#origin.pool().connect()) as Queryable & { release(): void }
      try {
        return (await client.query<Row>(this.#schema.place(text), values)).rows
      } finally {
        client.release()
      }
    } catch (error) {
      throw describeFailure(error, { where: this.#origin.where, schema: this.#schema })
    }
  }
}

function checkTable(table: unknown): asserts table is string {
  if (typeof table !== 'string' || table === '') {
    throw new TypeError(`a table is named as in SQL, 'ledger' or 'shop."Order lines"'; got ${JSON.stringify(table)}`)
  }
}
