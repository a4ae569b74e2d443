import type { Mode } from '../../ground/mode.ts'

/** What a backend of the server does, as pg_stat_activity has it. */
export interface Doing {
  /** Of the database; null where this role may not see it. */
  readonly role: string | null
  /** `active`, `idle in transaction` …; null where this role may not see it. */
  readonly state: string | null
  readonly stateMs: number | null
  /** How long its transaction is open; null if none is. */
  readonly transactionMs: number | null
  /** The statement it runs or ran last. */
  readonly query: string | null
  /** What it waits for in the server, `Lock: advisory` say; null if it runs, or nobody may know. */
  readonly waits: string | null
  /** Backends it waits for, 0 for a prepared transaction. */
  readonly blockedBy: readonly number[]
  /** Whether the server keeps all this from the role that asked. */
  readonly isHidden: boolean
}

/** A lock that somebody holds or waits for, of ours or of another program. */
export interface SeenLock {
  readonly state: 'held' | 'waiting'
  /** Null for another program's, and where our schema cannot be read or its holder has not written it down yet, which takes 50 ms. */
  readonly name: string | null
  readonly namespace: string | null
  /** The advisory key; two numbers for one of PostgreSQL's pairs of 32 bits. */
  readonly key: bigint | readonly [number, number]
  /** Whose lock it is known to be by its key, say `'Prisma Migrate'`. */
  readonly means: string | null
  readonly mode: Mode
  /** Null for a lock that was not taken through fencepost, and for one that is waited for. */
  readonly token: number | null
  readonly application: string | null
  readonly host: string | null
  /** Process id on `host`; null for other programs. */
  readonly process: number | null
  /** Process id of the server's backend; null for a prepared transaction. */
  readonly backend: number | null
  /** Since when it is held or waited for; null where nobody knows. */
  readonly since: Date | null
  /** The same by the server's clock. */
  readonly forMs: number | null
  /** In its line, from 1; null for a holder. */
  readonly position: number | null
  readonly doing: Doing | null
}

/** How much could be seen. */
export interface Sight {
  readonly database: string
  readonly role: string
  /** Whether names, tokens, ages and tickets were read from our schema. */
  readonly isNamed: boolean
  /** What could not be seen and what would help, a sentence each. */
  readonly notes: readonly string[]
}

/** Everything that is held and waited for at one moment. */
export interface SeenLocks extends Sight {
  /** First those that are held, longest first; then line by line those that wait. */
  readonly locks: readonly SeenLock[]
}
