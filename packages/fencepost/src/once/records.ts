import { hostname } from 'node:os'
import type { OnceRecord, OnceState } from './once-record.ts'
import type { Value } from '../postgres/place-values.ts'
import type { Schema } from '../postgres/schema.ts'
import type { Session } from '../postgres/session.ts'

/** A record as the database has it. */
export interface Stored extends OnceRecord {
  /** Of the lock under which the last attempt was begun. */
  readonly token: number
  /** `startedAt` to the microsecond. */
  readonly startedAtText: string
}

/** What records are written through: a transaction of ours, or one of the caller's with all its values in one text. */
export interface Inside {
  query(text: string, values?: Value[]): Promise<{ rows: unknown[] }>
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

  /** Null if there is none; what there is has reached the synchronous standby once `tx` is committed. */
  async confirm(tx: Inside, key: string): Promise<Stored | null> {
    const text = 'select cast(fencepost.once_confirm($1, $2) as text) as record'
    return await this.#query(tx, text, [this.#namespace, key])
  }

  /** What nobody is at and nobody has settled, the oldest first, after one of them. */
  async unsettled(session: Session, after: Stored | null, most: number): Promise<Stored[]> {
    const text = 'select fencepost.once_unsettled($1, $2::text::timestamptz, $3, $4)::text as record'
    const values = [this.#namespace, after?.startedAtText ?? '-infinity', after?.key ?? '', most]
    return (await session.query<Row>(text, values, 'once_unsettled')).flatMap((row) => read(row) ?? [])
  }

  /** Running if it is to be run under this token; otherwise what there is instead. */
  async begin(tx: Inside, { key, token }: Omit<Attempt, 'attempt'>, retries: readonly OnceState[]): Promise<Stored> {
    const text = 'select cast(fencepost.once_begin($1, $2, $3, $4, $5, $6, cast($7 as text[])) as text) as record'
    const values = [this.#namespace, key, token, this.#application, hostname(), process.pid, `{${retries.join()}}`]
    return found(await this.#query(tx, text, values), key)
  }

  /** The record as it then stands: not with this outcome if somebody else has settled it. */
  async end(tx: Inside, { key, token, attempt }: Attempt, outcome: Outcome): Promise<Stored> {
    const text =
      'select cast(fencepost.once_end($1, $2, $3, $4, $5, cast($6 as jsonb), $7, make_interval(secs => $8)) as text) as record'
    return found(await this.#query(tx, text, [this.#namespace, key, token, attempt, ...fieldsOf(outcome)]), key)
  }

  /** The record as it then stands; null if there is none. */
  async settle(tx: Inside, key: string, outcome: Outcome): Promise<Stored | null> {
    const text =
      'select cast(fencepost.once_settle($1, $2, $3, cast($4 as jsonb), $5, make_interval(secs => $6)) as text) as record'
    return await this.#query(tx, text, [this.#namespace, key, ...fieldsOf(outcome)])
  }

  async #query(tx: Inside, text: string, values: Value[]): Promise<Stored | null> {
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

function fieldsOf({ state, result, error, retentionMs }: Outcome): Value[] {
  // PostgreSQL stores no NUL, and no half of a pair.
  const told = error?.slice(0, LONGEST_ERROR).replaceAll('\0', '').toWellFormed() ?? null
  return [state, result, told, retentionMs === null ? null : retentionMs / 1000]
}

function found(record: Stored | null, key: string): Stored {
  if (record === null)
    throw new Error(`the record of once-key "${key}" is gone: somebody has deleted it, or rolled back its transaction`)
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
