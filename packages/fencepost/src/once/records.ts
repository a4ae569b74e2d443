import { hostname } from 'node:os'
import type { OnceRecord, OnceState } from './once-record.ts'
import type { InTransaction } from '../postgres/queryable.ts'
import type { Schema } from '../postgres/schema.ts'
import type { Session } from '../postgres/session.ts'
import { sqlState } from '../wire/sql-state.ts'

/** A record as the database has it. */
export interface Stored extends OnceRecord {
  /** Of the lock under which the last attempt was begun. */
  readonly token: number
  /** `startedAt` to the microsecond. */
  readonly startedAtText: string
}

/** How an attempt ended, or is said to have ended. */
export interface Outcome {
  readonly state: 'done' | 'failed' | 'retry'
  /** JSON text. */
  readonly result: string | null
  readonly error: string | null
  /** Null: for ever. */
  readonly retentionMs: number | null
}

/** Which attempt of a key: nobody else begins one with the same token. */
export interface Attempt {
  readonly key: string
  readonly token: number
  readonly attempt: number
}

const LONGEST_ERROR = 8192

/** What is written down under the once-keys of one namespace. Each statement is a function of the schema. */
export class Records {
  readonly #schema: Schema
  readonly #namespace: string
  readonly #application: string

  constructor({ schema, namespace, application }: { schema: Schema; namespace: string; application: string }) {
    this.#schema = schema
    this.#namespace = namespace
    this.#application = application
  }

  /** Null if there is none. On a session of ours: it waits for nobody. */
  async look(session: Session, key: string): Promise<Stored | null> {
    const text = 'select fencepost.once_look($1, $2)::text as record'
    return only(await session.query<Row>(text, [this.#namespace, key], 'once_look'))
  }

  /** What nobody is at and nobody has settled, the oldest first, after one of them. */
  async unsettled(session: Session, after: Stored | null, most: number): Promise<Stored[]> {
    const text = 'select fencepost.once_unsettled($1, $2::text::timestamptz, $3, $4)::text as record'
    const values = [this.#namespace, after?.startedAtText ?? '-infinity', after?.key ?? '', most]
    return (await session.query<Row>(text, values, 'once_unsettled')).flatMap((row) => read(row) ?? [])
  }

  /**
   * Takes the lock of a key inside the caller's transaction, and its token. The token is looked at in a statement of its own: on a
   * connection that is in no transaction it is dead by then.
   */
  async enter(tx: InTransaction, key: string): Promise<number> {
    const entered = this.#schema.place('select fencepost.once_enter($1, $2)::text as token')
    const [row]: { token: string }[] = (await tx.query(entered, [this.#namespace, key])).rows
    const token = Number(row?.token)
    const check = this.#schema.place('select fencepost.check_token($1, $2, fencepost.once_lock($3))')
    try {
      await tx.query(check, [key, token, this.#namespace])
      return token
    } catch (cause) {
      if (sqlState(cause) !== 'LK001') throw cause
      throw new TypeError('transaction must be a connection inside a transaction; none has begun on it', { cause })
    }
  }

  /** Running if it is to be run under this token; otherwise what there is instead. */
  async begin(
    tx: InTransaction,
    { key, token }: Omit<Attempt, 'attempt'>,
    retries: readonly OnceState[],
  ): Promise<Stored> {
    const text = 'select fencepost.once_begin($1, $2, $3, $4, $5, $6, $7::text::text[])::text as record'
    const values = [this.#namespace, key, token, this.#application, hostname(), process.pid, `{${retries.join()}}`]
    return found(await this.#query(tx, text, values), key)
  }

  /** The record as it then stands: not with this outcome if somebody else has settled it. */
  async end(tx: InTransaction, { key, token, attempt }: Attempt, outcome: Outcome): Promise<Stored> {
    const text = `select fencepost.once_end($1, $2, $3, $4, $5, $6::text::jsonb, $7, $8::float8 * interval '1 ms')::text as record`
    return found(await this.#query(tx, text, [this.#namespace, key, token, attempt, ...fieldsOf(outcome)]), key)
  }

  /** The record as it then stands; null if there is none. */
  async settle(tx: InTransaction, key: string, outcome: Outcome): Promise<Stored | null> {
    const text = `select fencepost.once_settle($1, $2, $3, $4::text::jsonb, $5, $6::float8 * interval '1 ms')::text as record`
    return await this.#query(tx, text, [this.#namespace, key, ...fieldsOf(outcome)])
  }

  async #query(tx: InTransaction, text: string, values: unknown[]): Promise<Stored | null> {
    return only((await tx.query(this.#schema.place(text), values)).rows as Row[])
  }
}

/** As a caller gets it. */
export function publicRecord(stored: Stored): OnceRecord {
  const { key, state, attempt, idempotencyKey, runner, startedAt, settledAt, expiresAt, result, error } = stored
  return { key, state, attempt, idempotencyKey, runner, startedAt, settledAt, expiresAt, result, error }
}

interface Row {
  readonly record: string | null
}

function fieldsOf({ state, result, error, retentionMs }: Outcome): unknown[] {
  // PostgreSQL stores no NUL, and no half of a pair.
  const told = error?.slice(0, LONGEST_ERROR).replaceAll('\0', '').toWellFormed() ?? null
  return [state, result, told, retentionMs]
}

function found(record: Stored | null, key: string): Stored {
  if (record === null) throw new Error(`the record of once-key "${key}" is gone: somebody has deleted it`)
  return record
}

function only(rows: readonly Row[]): Stored | null {
  return rows[0] === undefined ? null : read(rows[0])
}

function read(row: Row): Stored | null {
  if (row.record === null) return null
  const { application, host, process, hasResult, result, ...fields } = JSON.parse(row.record) as Json
  return {
    key: fields.key,
    state: fields.state,
    attempt: fields.attempt,
    idempotencyKey: fields.idempotencyKey,
    runner: { application, host, process },
    startedAt: new Date(fields.startedAt),
    settledAt: dateOf(fields.settledAt),
    expiresAt: dateOf(fields.expiresAt),
    result: hasResult ? result : undefined,
    error: fields.error,
    token: fields.token,
    startedAtText: fields.startedAt,
  }
}

interface Json {
  readonly key: string
  readonly state: OnceState
  readonly attempt: number
  readonly idempotencyKey: string
  readonly token: number
  readonly application: string
  readonly host: string
  readonly process: number
  readonly hasResult: boolean
  readonly result: unknown
  readonly error: string | null
  readonly startedAt: string
  readonly settledAt: string | null
  readonly expiresAt: string | null
}

function dateOf(text: string | null): Date | null {
  return text === null ? null : new Date(text)
}
