import { hostname } from 'node:os'
import type { Transaction } from '../fencing/pooled-transaction.ts'
import type { Schema } from '../postgres/schema.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Computer } from './single-errors.ts'

/** What is kept of a key. */
export interface Kept extends Computer {
  readonly token: number
  /** Whether it is for whoever asked. */
  readonly isGood: boolean
  /** JSON text; null for nothing, and where it threw. */
  readonly result: string | null
  readonly error: string | null
}

interface Row extends Computer {
  readonly token: string
  readonly is_good: boolean
  readonly result: string | null
  readonly error: string | null
}

/** What one computation came to; either may be null, both for nothing. */
export interface Outcome {
  readonly result: string | null
  readonly error: string | null
  readonly ttlMs: number
}

const LOOK = 'select * from fencepost.single_look($1, $2, $3)'
const STORE = 'select fencepost.single_store($1, $2, $3, $4, $5, make_interval(secs => $6), $7, $8, $9)'
const SWEEP = 'select fencepost.single_sweep($1)'
const LONGEST_ERROR = 8192
const SWEPT = 20

/** The results of one namespace that callers share. */
export class KeptResults {
  readonly #sessions: Sessions
  readonly #schema: Schema
  readonly #namespace: string
  readonly #application: string

  constructor(parts: { sessions: Sessions; schema: Schema; namespace: string; application: string }) {
    this.#sessions = parts.sessions
    this.#schema = parts.schema
    this.#namespace = parts.namespace
    this.#application = parts.application
  }

  /** Null if nothing is kept. @param saw the token that was kept when the caller began to wait, 0 for none; null: it begins now. */
  async look(key: string, saw: number | null): Promise<Kept | null> {
    const values = [this.#namespace, key, saw]
    const [row] = await this.#sessions.ask((session) => session.query<Row>(LOOK, values, 'single_look'))
    if (row === undefined) return null
    const { token, is_good, result, error, application, host, process } = row
    return { token: Number(token), isGood: is_good, result, error, application, host, process }
  }

  /** For whoever holds the lock of the key under that token. */
  async store(
    tx: Transaction,
    key: string,
    { token, result, error, ttlMs }: Outcome & { token: number },
  ): Promise<void> {
    // PostgreSQL stores no NUL, and no half of a pair.
    const told = error?.slice(0, LONGEST_ERROR).replaceAll('\0', '').toWellFormed() ?? null
    const who = [this.#application, hostname(), process.pid]
    await tx.query(this.#schema.place(STORE), [this.#namespace, key, token, result, told, ttlMs / 1000, ...who])
  }

  /** Removes a few whose time is over. What cannot be removed now is left for the next. */
  async sweep(): Promise<void> {
    await this.#sessions.openMain?.session.query(SWEEP, [SWEPT], 'single_sweep').catch(() => {})
  }
}
