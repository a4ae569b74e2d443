import type { Endpoints, ServerKind } from '../servers/endpoints.ts'
import type { Queryable } from '../servers/ledger.ts'

/**
 * For how long a lock without a sign of life is held, everywhere where that can be set: TTL, lease, session timeout,
 * freezeTimeout. The least that etcd grants.
 */
export const TTL_MS = 2000

/** What a contender is given when it is opened, in a process of its own. */
export interface Place extends Endpoints {
  readonly ttlMs: number
  /** What this process is called, for servers that want to know. */
  readonly application: string
  /** Loads a package that the lab has installed for its contenders. */
  readonly load: (name: string) => unknown
}

/** What the holder has while it holds the lock. */
export interface Grant {
  readonly token?: string | number
  /** Whether the lock believes that it is still held, by the means its documentation names. Left out: it has none. */
  readonly stillHeld?: () => boolean | Promise<boolean>
  /**
   * Runs the payout in a transaction that the lock fences, and commits it. Left out: a plain transaction.
   * What it rejects with is a refusal if `isRefusal` says so.
   */
  readonly transaction?: (pay: (tx: Queryable) => Promise<void>) => Promise<unknown>
  readonly isRefusal?: (error: Error) => boolean
  /** Whether the payout looks once more in its transaction whether the invoice is unpaid. */
  readonly readsAgain?: boolean
  /** Where the payouts are kept instead of PostgreSQL. */
  readonly store?: Store
}

/** A ledger that is not in PostgreSQL: `pay` reads nothing, writes one entry, and throws a refusal if the lock is lost. */
export interface Store {
  isPaid(invoice: number): Promise<boolean>
  pay(invoice: number, payer: string): Promise<void>
  /** Whose payouts it has, in its order. */
  entries(invoice: number): Promise<string[]>
}

export interface OpenLock {
  /** Waits for the lock of this name as long as it takes, does the work, and lets go. */
  hold(name: string, work: (grant: Grant) => Promise<void>): Promise<void>
  close(): Promise<unknown>
}

/** A lock that is tried: one file each, and one of yours (`--contender ./my-lock.mjs`). */
export interface Contender {
  readonly name: string
  /** What is used and how, in one line. */
  readonly about: string
  /** Besides PostgreSQL. */
  readonly servers?: readonly ServerKind[]
  /** Packages that the lab installs for it. */
  readonly packages?: readonly string[]
  /** Whether nothing that a holder writes can be committed once another was granted the lock. The lab fails if it is. */
  readonly isFenced?: boolean
  /** Whether a backend of PostgreSQL holds the lock, which can be terminated. */
  readonly isSession?: boolean
  /** Printed beside its figures. */
  readonly settings?: Readonly<Record<string, string | number>>
  /** Once, before any process of the contender is started. */
  prepare?(place: Place): Promise<unknown>
  open(place: Place): Promise<OpenLock>
  /** Of a contender whose ledger is elsewhere, for the lab to count in. */
  store?(place: Place): Store
}
