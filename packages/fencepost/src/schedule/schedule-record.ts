/** What decides when a schedule is due and what becomes of its ticks, the same for all processes: the last that declares it. */
export interface Definition {
  readonly expression: string
  readonly tz: string
  readonly missed: 'skip' | 'latest' | 'all'
  readonly overlap: 'skip' | 'queue' | 'allow'
  readonly lost: 'skip' | 'retry'
  /** How many ticks that are over are kept. */
  readonly history: number
}

/**
 * `queued`: due, or asked for. `running`: begun. `done`, `failed`: it returned, or threw. `lost`: begun, and nobody knows how it ended. `missed`: nobody was
 * there. `skipped`: another one ran.
 */
export type TickState = 'queued' | 'running' | 'done' | 'failed' | 'lost' | 'missed' | 'skipped'

/** A process that declared a schedule, or ran a tick. */
export interface TickRunner {
  readonly application: string
  readonly host: string
  /** Process id on `host`. */
  readonly process: number
}

/** One tick of a schedule: what became of it. */
export interface TickRecord {
  readonly id: number
  /** When it was due; when it was asked for, of a manual one. */
  readonly scheduledAt: Date
  /** Asked for with `runNow`. */
  readonly isManual: boolean
  readonly state: TickState
  /** 0 if it was never begun. */
  readonly attempt: number
  readonly idempotencyKey: string
  /** Of the last attempt. */
  readonly token: number | null
  readonly runner: TickRunner | null
  readonly startedAt: Date | null
  readonly endedAt: Date | null
  readonly durationMs: number | null
  /** Whether a transaction of it was committed. */
  readonly hasCommitted: boolean
  /** What it threw, or why it is lost. */
  readonly error: string | null
}

/** A schedule, and how it stands. */
export interface ScheduleRecord extends Definition {
  readonly name: string
  /** Null while it is paused, and if there is none to come. In the past: no process is there to run it. */
  readonly nextAt: Date | null
  /** The tick that was begun last; null if there was none, or it is in the history no more. */
  readonly last: Pick<
    TickRecord,
    'scheduledAt' | 'state' | 'token' | 'runner' | 'startedAt' | 'durationMs' | 'error'
  > | null
  readonly running: number
  readonly queued: number
  /** Since it was first declared. */
  readonly missedTicks: number
  readonly skippedTicks: number
  readonly pausedAt: Date | null
  readonly pausedBy: string | null
  /** When what it goes by was last changed, and who did. */
  readonly declaredAt: Date
  readonly declaredBy: TickRunner
}

/** @param json of a row of the view `tick_list`. */
export function readTick(json: string): TickRecord {
  const row = JSON.parse(json) as TickRow
  return {
    id: row.id,
    scheduledAt: new Date(row.scheduled_at),
    isManual: row.is_manual,
    state: row.state,
    attempt: row.attempt,
    idempotencyKey: row.idempotency_key,
    token: row.token,
    runner: runnerOf(row),
    startedAt: dateOf(row.started_at),
    endedAt: dateOf(row.ended_at),
    durationMs: row.duration_ms,
    hasCommitted: row.has_committed,
    error: row.error,
  }
}

/** @param json of a row of the view `schedule_list`. */
export function readSchedule(json: string): ScheduleRecord {
  const row = JSON.parse(json) as ScheduleRow
  const { name, expression, tz, missed, overlap, lost, history, running, queued } = row
  return {
    name,
    expression,
    tz,
    missed,
    overlap,
    lost,
    history,
    running,
    queued,
    nextAt: row.next_at === 'infinity' ? null : dateOf(row.next_at),
    last: row.outcome === null ? null : lastOf(row, row.outcome),
    missedTicks: row.missed_ticks,
    skippedTicks: row.skipped_ticks,
    pausedAt: dateOf(row.paused_at),
    pausedBy: row.paused_by,
    declaredAt: new Date(row.declared_at),
    declaredBy: { application: row.declared_by, host: row.declared_on, process: row.declared_in },
  }
}

interface RunnerRow {
  readonly application: string | null
  readonly host: string | null
  readonly process: number | null
}

interface TickRow extends RunnerRow {
  readonly id: number
  readonly scheduled_at: string
  readonly is_manual: boolean
  readonly state: TickState
  readonly attempt: number
  readonly idempotency_key: string
  readonly token: number | null
  readonly started_at: string | null
  readonly ended_at: string | null
  readonly duration_ms: number | null
  readonly has_committed: boolean
  readonly error: string | null
}

interface ScheduleRow extends RunnerRow, Definition {
  readonly name: string
  readonly next_at: string | null
  readonly last_at: string
  readonly outcome: TickState | null
  readonly token: number | null
  readonly started_at: string | null
  readonly duration_ms: number | null
  readonly error: string | null
  readonly running: number
  readonly queued: number
  readonly missed_ticks: number
  readonly skipped_ticks: number
  readonly paused_at: string | null
  readonly paused_by: string | null
  readonly declared_at: string
  readonly declared_by: string
  readonly declared_on: string
  readonly declared_in: number
}

function lastOf(row: ScheduleRow, state: TickState): ScheduleRecord['last'] {
  const { token, duration_ms: durationMs, error } = row
  const [scheduledAt, startedAt] = [new Date(row.last_at), dateOf(row.started_at)]
  return { scheduledAt, state, token, runner: runnerOf(row), startedAt, durationMs, error }
}

function runnerOf({ application, host, process }: RunnerRow): TickRunner | null {
  return application === null || host === null || process === null ? null : { application, host, process }
}

function dateOf(text: string | null): Date | null {
  return text === null ? null : new Date(text)
}
