import type { Mode } from '../../ground/mode.ts'
import type { Backend } from '../survey/read-doing.ts'
import type { Sight } from '../survey/seen-lock.ts'

/** A backend that waits in the server's own queues. */
export interface ServerWait {
  readonly backend: number
  /** Backends, 0 for a prepared transaction: those that hold it, and those that stand before it in the queue. */
  readonly blockers: readonly number[]
  /** What it waits for, by name. */
  readonly what: string
  /** The lock's own mode, as in pg_locks. */
  readonly mode: string
  /** The advisory key, of one of 64 bits. */
  readonly key: bigint | null
  readonly waitedMs: number | null
}

/** One of ours that stands idle in a line. */
export interface LineWait {
  readonly ticket: number
  readonly position: number
  readonly key: bigint
  readonly name: string
  readonly mode: Mode
  /** The callbacks it waits in: while it waits, none of their locks is let go of. */
  readonly scopes: readonly number[]
  readonly waitedMs: number
  readonly backend: number
  readonly application: string
  readonly host: string
  readonly process: number
  /** Who holds it, and for which callbacks, null for a handle. */
  readonly holders: readonly { readonly backend: number | null; readonly scopes: readonly (number | null)[] }[]
}

/** A session of ours. */
export interface LiveSession {
  readonly backend: number
  readonly application: string
  readonly host: string
  readonly process: number
}

/** All that waits at one moment, before anybody has put it together. */
export interface Waits extends Sight {
  readonly server: readonly ServerWait[]
  readonly line: readonly LineWait[]
  readonly sessions: ReadonlyMap<number, LiveSession>
  readonly backends: ReadonlyMap<number, Backend>
  /** Prepared transactions, by their names. */
  readonly prepared: readonly string[]
}
