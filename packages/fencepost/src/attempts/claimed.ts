import type { Schema } from '../postgres/schema.ts'
import type { Session } from '../postgres/session.ts'
import type { Origin } from '../postgres/target.ts'

/** A job as `claim_jobs` has claimed it. */
export interface Claimed {
  readonly id: number
  readonly queue: string
  readonly name: string
  readonly payload: unknown
  readonly attempt: number
  readonly attempts: number
  readonly token: number
  readonly key: string | null
  readonly group: string | null
  /** Whatever `new Date` takes: most functions never ask. */
  readonly enqueuedAt: Date | string | number
  /** Nobody wants its result. */
  readonly isSimple: boolean
  /** False: others of its group, kind or queue may wait for it. */
  readonly isPlain: boolean
}

/** Where the statements of the jobs of one worker go. */
export interface Desk {
  /** Job transactions, on its pool. */
  readonly origin: Origin
  readonly schema: Schema
  /** Of the worker: notes of progress and logs. */
  readonly session: Pick<Session, 'query' | 'ask'>
  /** A job transaction that sits idle for longer is ended by the server. 0: never. */
  readonly freezeMs: number
}
