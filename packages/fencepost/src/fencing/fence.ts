import type { Events } from '../events/events.ts'
import type { OfHeld } from '../events/lock-events.ts'
import type { Schema } from '../postgres/schema.ts'

/** What a write is checked against: the token of one acquisition, and where the database finds it. */
export interface Fence extends OfHeld {
  readonly key: bigint
  /** The session that was granted the token; tells two histories apart after a split brain. */
  readonly session: bigint
  /** What had ended when it was granted, as a `pg_snapshot`: a snapshot that has seen less is too old for it. */
  readonly seen: string
  /** A guarded transaction that sits idle for longer is ended by the server, so it cannot keep the gate. 0: never. */
  readonly freezeMs: number
  /** Whether the server answered on its session a moment ago, so that asking once more whether the lock is held would tell nothing. */
  readonly isHeard: () => boolean
  readonly schema: Schema
  /** Where a refusal is told. */
  readonly events: Events
}
