import type { Holder } from '../ground/holder.ts'

/** A lock of the database, of ours or of another program, and who has it or wants it. */
interface ListedLock {
  /**
   * `-` and the key for a lock of another program, and for one whose holder has not written it down yet, which takes 50 ms: then
   * `namespace` is null. No name that is asked for through `fp.locks` begins so.
   */
  readonly name: string
  readonly mode: Holder['mode']
  /** One for each process of ours, `host:process`; `backend:<pid>` for any other, `prepared` for prepared transactions. */
  readonly clientId: string
  readonly namespace: string | null
  /** The advisory key; two numbers for one of PostgreSQL's pairs of 32 bits. */
  readonly key: bigint | readonly [number, number]
  /** Whose lock it is known to be by its key, say `'Prisma Migrate'`; null for ours and for what nobody knows. */
  readonly means: string | null
  readonly application: string | null
  readonly host: string | null
  /** Process id on `host`. */
  readonly process: number | null
  /** Process id of the server's backend, as in pg_stat_activity; null for a prepared transaction. */
  readonly backend: number | null
  /** Since when it is held, a moment after the grant, or waited for, from PostgreSQL 14; null where nobody knows. */
  readonly since: Date | null
}

export interface HeldLock extends ListedLock {
  /** Null for a lock that was not taken through fencepost. */
  readonly token: number | null
  /** By the server's clock. */
  readonly heldForMs: number | null
}

export interface PendingLock extends ListedLock {
  /** In the line of its name, from 1. */
  readonly position: number
  /** By the server's clock. */
  readonly waitedMs: number | null
}

/** What `navigator.locks.query()` tells, of a whole database. */
export interface LockSnapshot {
  /** In the order of the grants, of those that are known. */
  held: HeldLock[]
  /** In the order in which they were asked for. */
  pending: PendingLock[]
}
