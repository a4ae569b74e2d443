import { hostname } from 'node:os'
import { askPool } from '../postgres/on-pool.ts'
import type { Value } from '../postgres/place-values.ts'
import type { Schema } from '../postgres/schema.ts'
import type { Session } from '../postgres/session.ts'
import type { Origin } from '../postgres/target.ts'
import type { Definition, TickRunner, TickState } from './schedule-record.ts'

export interface RecordsOptions {
  readonly origin: Origin
  readonly schema: Schema
  readonly namespace: string
  /** What others are told of a runner. */
  readonly application: string
  /** The shared session, once the schema is there. */
  readonly main: () => Promise<Session>
  /** Aborts when the instance is closed. */
  readonly closing: AbortSignal
}

/** A schedule as its processes see it. Instants are texts, to the microsecond. */
export interface Known extends Definition, TickRunner {
  readonly name: string
  readonly revision: number
  readonly settledUntil: string
  /** Null: not found out yet. `infinity`: never. */
  readonly nextAt: string | null
  readonly isPaused: boolean
  readonly running: number
  /** Those that may be begun, the earliest first. */
  readonly queued: readonly { readonly id: number }[]
}

/** How schedules stood at one moment of the server's clock. */
export interface Seen {
  readonly now: string
  readonly schedules: readonly Known[]
}

/** What was found out about a schedule: its ticks up to an instant, and the next one. */
export interface Found {
  readonly until: string
  readonly ticks: readonly Date[]
  readonly next: Date | null
}

/** A tick that was begun. */
export interface Begun {
  readonly id: number
  readonly token: number
  readonly scheduledAt: Date
  readonly isManual: boolean
  readonly attempt: number
  readonly idempotencyKey: string
}

/** What is written in a transaction: ours, or one of the caller's. */
export interface Inside {
  query(text: string, values?: Value[]): Promise<{ rows: unknown[] }>
}

/** Tests move the clock of one connection, so what is sent on another takes it along. */
const AT = `from (select set_config('fencepost.clock', $1, true) offset 0) as clock`
const LONGEST_ERROR = 8192

/** What is written down about the schedules of one namespace. Each statement is a function of the schema. */
export class Records {
  readonly #options: RecordsOptions
  #clock = ''

  constructor(options: RecordsOptions) {
    this.#options = options
  }

  /** On the shared session: it waits for nobody. */
  async look(session: Session, names: readonly string[]): Promise<Seen> {
    const text = 'select fencepost.look_at_schedules($1, $2)::text as answer'
    const [row] = await ask(session, { text, values: [this.#options.namespace, names], name: 'look_at_schedules' })
    const { clock, ...seen } = JSON.parse(row?.answer ?? '') as Seen & { clock: string }
    this.#clock = clock
    return seen
  }

  /** Null: somebody else is faster. On the shared session: it waits for nobody. */
  async record(session: Session, known: Known, { until, ticks, next }: Found): Promise<Known | null> {
    const text = 'select fencepost.record_ticks($1, $2, $3, $4, $5, $6, $7)::text as answer'
    const { name, revision, settledUntil } = known
    const nextAt = next?.toISOString() ?? 'infinity'
    const instants = ticks.map((tick) => tick.toISOString())
    const values = [this.#options.namespace, name, revision, settledUntil, until, instants, nextAt]
    return read(await ask(session, { text, values, name: 'record_ticks' }))
  }

  /** On the pool, as it may wait. */
  async declare(name: string, { expression, tz, missed, overlap, lost, history }: Definition): Promise<Known> {
    const call = 'declare_schedule($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)'
    const values = [expression, tz, missed, overlap, lost, history, ...this.#runner]
    const known = await this.ask<Known>(call, [this.#options.namespace, name, ...values])
    if (known === null) throw new Error(`schedule "${name}" was not declared`)
    return known
  }

  /** What a function of the schema says, on the pool, at the time of the shared session. `$1` is taken. */
  async ask<T>(call: string, values: readonly Value[]): Promise<T | null> {
    const session = await this.#options.main()
    const asked = `select coalesce(current_setting('fencepost.clock', true), '') as answer`
    const [moved] = await session.query<Row>(asked, [])
    const rows = await this.query<Row>(`select to_jsonb(fencepost.${call})::text as answer ${AT}`, [
      moved?.answer ?? '',
      ...values,
    ])
    return read<T>(rows)
  }

  /** A statement on the pool. @throws what `describeFailure` makes of its failure. */
  async query<R>(text: string, values: readonly Value[]): Promise<R[]> {
    this.#options.closing.throwIfAborted()
    await this.#options.main()
    return await askPool<R>(this.#options, text, values)
  }

  /** Null: it is not to be begun, or not yet. */
  async begin(tx: Inside, id: number, token: number): Promise<Begun | null> {
    const text = `select fencepost.begin_tick($2, $3, $4, $5, $6)::text as answer ${AT}`
    const { rows } = await this.#in(tx, text, [this.#clock, id, token, ...this.#runner])
    const tick = read<TickJson>(rows)
    if (tick === null) return null
    const { attempt, scheduled_at: scheduledAt, is_manual: isManual, idempotency_key: idempotencyKey } = tick
    return { id, token, attempt, scheduledAt: new Date(scheduledAt), isManual, idempotencyKey }
  }

  /** Notes that a transaction of a tick is committed with it. */
  async commit(tx: Inside, { id, token }: Begun, lock: LockPlace): Promise<void> {
    const text = 'select fencepost.commit_tick($1, $2, $3, $4)'
    await this.#in(tx, text, [id, token, lock.name, lock.namespace])
  }

  /** The same in a transaction of the caller's, which is refused if it is none. */
  async commitIn(tx: Inside, { id, token }: Begun, lock: LockPlace): Promise<void> {
    const text = 'select fencepost.require_transaction(), fencepost.commit_tick($1, $2, $3, $4)'
    await this.#in(tx, text, [id, token, lock.name, lock.namespace])
  }

  /** Null: it is written down. Else what has become of the tick meanwhile. */
  async end(tx: Inside, { id, token }: Begun, { state, error }: Outcome): Promise<string | null> {
    const text = `select fencepost.end_tick($2, $3, $4, $5)::text as answer ${AT}`
    const told = error?.slice(0, LONGEST_ERROR).toWellFormed() ?? null
    const { rows } = await this.#in(tx, text, [this.#clock, id, token, state, told])
    const tick = read<TickJson>(rows)
    if (tick === null) return 'its schedule was removed'
    // A lost one may be queued again.
    const isOurs = tick.token === token && (tick.state === state || (state === 'lost' && tick.state === 'queued'))
    return isOurs ? null : `it was recorded as ${tick.state} meanwhile`
  }

  get #runner(): [string, string, number] {
    return [this.#options.application, hostname(), process.pid]
  }

  async #in(tx: Inside, text: string, values: Value[]): Promise<{ rows: Row[] }> {
    return (await tx.query(this.#options.schema.place(text), values)) as { rows: Row[] }
  }
}

/** The lock under which a tick runs. */
export interface LockPlace {
  readonly name: string
  readonly namespace: string
}

/** How a tick ended. */
export interface Outcome {
  readonly state: 'done' | 'failed' | 'lost'
  readonly error: string | null
}

interface Row {
  readonly answer: string | null
}

interface TickJson {
  readonly id: number
  readonly state: TickState
  readonly token: number | null
  readonly attempt: number
  readonly scheduled_at: string
  readonly is_manual: boolean
  readonly idempotency_key: string
}

async function ask(session: Session, { text, values, name }: { text: string; values: unknown[]; name: string }) {
  try {
    return await session.query<Row>(text, values, name)
  } catch (error) {
    throw session.describe(error)
  }
}

function read<T>([row]: readonly Row[]): T | null {
  return row === undefined || row.answer === null ? null : (JSON.parse(row.answer) as T)
}
