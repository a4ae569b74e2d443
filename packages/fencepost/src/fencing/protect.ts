import { askPool, type PoolPlace } from '../postgres/on-pool.ts'

export interface ProtectOptions {
  /**
   * `'refuse'` (default): a write without a live token fails. `'report'`: it is recorded, `violations()` tells, and nothing is
   * refused or kept waiting, so that it can be switched on where it is not known yet who writes.
   */
  readonly mode?: 'refuse' | 'report'
}

/** A table that refuses, or reports, writes without a live token. */
export interface ProtectedTable {
  /** With its schema, as in SQL. */
  readonly table: string
  /** As it was given to `protect`. */
  readonly lockName: string
  readonly mode: 'refuse' | 'report'
  readonly namespace: string
  /** Of it, its partitions and those that inherit from it: what can be written without a lock, as it came or was switched off since. */
  readonly unprotected: readonly string[]
  /** The same: what can be truncated. */
  readonly truncatable: readonly string[]
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

// With their schemas, whatever the search_path of the pool is.
const PROTECTED = `
  with named as (
    select pg_class.oid, format('%I.%I', nspname, relname) as name
    from pg_class join pg_namespace on pg_namespace.oid = relnamespace
  )
  select (select name from named where oid = relation) as "table", lock_name as "lockName", mode, namespace,
    (select coalesce(json_agg(name order by name), '[]') from named where oid = any(unprotected))::text as unprotected,
    (select coalesce(json_agg(name order by name), '[]') from named where oid = any(truncatable))::text as truncatable
  from fencepost.protected_tables order by 1`

/** What protects tables: sent on the pool, as it waits for whoever uses the table. */
export class Protection {
  readonly #place: PoolPlace
  readonly #namespace: string

  constructor(place: PoolPlace, namespace: string) {
    this.#place = place
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

  async tables(): Promise<ProtectedTable[]> {
    type Row = ProtectedTable & { readonly unprotected: string; readonly truncatable: string }
    const rows = await this.#query<Row>(PROTECTED, [])
    return rows.map((row) => ({
      ...row,
      unprotected: JSON.parse(row.unprotected) as string[],
      truncatable: JSON.parse(row.truncatable) as string[],
    }))
  }

  async violations(limit: number): Promise<Violation[]> {
    if (!Number.isInteger(limit) || limit < 1) throw new TypeError(`limit must be a whole number above 0; got ${limit}`)
    return await this.#query<Violation>(VIOLATIONS, [this.#namespace, limit])
  }

  async #query<Row>(text: string, values: unknown[]): Promise<Row[]> {
    return await askPool<Row>(this.#place, text, values)
  }
}

function checkTable(table: unknown): asserts table is string {
  if (typeof table !== 'string' || table === '') {
    throw new TypeError(`a table is named as in SQL, 'ledger' or 'shop."Order lines"'; got ${JSON.stringify(table)}`)
  }
}
