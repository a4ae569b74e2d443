import type { PoolerReport } from '../../index.ts'
import type { Look } from './look.ts'

/**
 * `danger`: locks or jobs do not work here, or somebody is kept waiting now. `warning`: they will not when it matters. `unseen`: it could not be
 * looked at. `note`: to be known. `fine`: nothing found. In this order they are told.
 */
export type Level = 'danger' | 'warning' | 'unseen' | 'note' | 'fine'

export interface Verdict {
  readonly level: Level
  /** One sentence without a full stop, its subject first. What is quoted in it may be anything. */
  readonly what: string
  /** The statement or command that mends it, or what to do where there is none. */
  readonly mend?: string
}

/**
 * Something that may be wrong. A new one is a file of its own, and a line in `hazards.ts`. What is there is read by `collect`, in one statement
 * where it can be, and `judge` is a pure function of it, so that what cannot be made here can be told from recorded facts.
 */
export interface Hazard<Facts> {
  /** Stable: `--skip` names it, and JSON has it. */
  readonly id: string
  /** Undefined: always. False: there is nothing to look at, and it is not told. */
  applies?(server: Server): boolean
  collect(look: Look, server: Server): Promise<Facts>
  judge(facts: Facts, server: Server): Verdict | readonly Verdict[]
}

/** What every hazard is judged by. */
export interface Server {
  /** As `server_version_num` has it. */
  readonly version: number
  readonly banner: string
  readonly database: string
  readonly role: string
  /** Whether it sees the sessions of other roles: `pg_read_all_stats`. */
  readonly seesAll: boolean
  readonly isStandby: boolean
  readonly isSuperuser: boolean
  /** False over a Unix socket. */
  readonly isTcp: boolean
  readonly pooler: PoolerReport
  /** What of the URL points at a pooler, say `port 6543`. */
  readonly hints: readonly string[]
  /** Where the tables and functions of ours would be. */
  readonly schema: string
  readonly hasSchema: boolean
  /** From when on a lock that nobody works under, a transaction or a job counts as stuck. */
  readonly olderThanMs: number
}
