import type { PoolPlace } from '../postgres/on-pool.ts'
import { type ProtectedTable, Protection, type ProtectOptions, type Violation } from './protect.ts'

/**
 * Lets a table and its partitions be written only by transactions that have a live token of the row's lock, whatever program they
 * come from: `lock.transaction`, `lock.guard(tx)` before the write, or settings. TRUNCATE is refused. Called again it does nothing,
 * changes the rule, or covers partitions that came since. Waits for whoever writes to the table, for as long as the pool's `lock_timeout`.
 *
 * @param table as in SQL: `'ledger'`, `'shop."Order lines"'`.
 * @param lockName with `{column}` for columns of the row, as in `'account:{account_id}'`; `{{` and `}}` are braces.
 * @throws the driver's error for a table, a column or a right that is missing.
 */
export type ProtectCall = (table: string, lockName: string, options?: ProtectOptions) => Promise<void>

/** Takes the guard off a table and its partitions; false if there was none. */
export type UnprotectCall = (table: string) => Promise<boolean>

/** Every protected table of the database, in all namespaces, by its name. */
export type ProtectedTablesCall = () => Promise<ProtectedTable[]>

/** What tables in mode `'report'` were written to without a live token, the latest first, 1000 by default. */
export type ViolationsCall = (options?: { readonly limit?: number }) => Promise<Violation[]>

export interface ProtectCallsOptions extends PoolPlace {
  readonly namespace: string
  /** The schema is up to date, and the instance open. */
  readonly ready: () => Promise<void>
}

export interface ProtectCalls {
  readonly protect: ProtectCall
  readonly unprotect: UnprotectCall
  readonly protectedTables: ProtectedTablesCall
  readonly violations: ViolationsCall
}

/** `fp.protect`, `fp.unprotect`, `fp.protectedTables` and `fp.violations`. */
export function protectCalls({ origin, schema, namespace, ready }: ProtectCallsOptions): ProtectCalls {
  const protection = new Protection({ origin, schema }, namespace)
  return {
    protect: async (table, lockName, options = {}) => {
      await ready()
      await protection.protect(table, lockName, options)
    },
    unprotect: async (table) => {
      await ready()
      return await protection.unprotect(table)
    },
    protectedTables: async () => {
      await ready()
      return await protection.tables()
    },
    violations: async ({ limit = 1000 } = {}) => {
      await ready()
      return await protection.violations(limit)
    },
  }
}
