import { type Duration, parseDuration } from '../ground/duration.ts'
import { checkName } from '../ground/name.ts'
import type { Definition } from './schedule-record.ts'
import { Timetable } from './timetable.ts'

export interface CronOptions {
  /** The time zone the expression is read in. Default `'UTC'`, and never that of the process, as replicas may have different ones. */
  readonly tz?: string
  /**
   * What becomes of ticks that nobody was there for: not run (`'skip'`, default), the latest one run, or all of them, one after the other. Missed is a
   * tick that is found when the next one is due as well, or more than a minute late. Of more than 1000 only the latest 1000 count.
   */
  readonly missed?: 'skip' | 'latest' | 'all'
  /**
   * What becomes of a tick that is due while an earlier one runs, on any replica: not run (`'skip'`, default), run after it (`'queue'`, at most 1000), or
   * beside it (`'allow'`, at most 100 in one process).
   */
  readonly overlap?: 'skip' | 'queue' | 'allow'
  /**
   * What becomes of a tick whose process died, froze or was cut off in the middle: left as lost (`'skip'`, default), or run again (`'retry'`), three times in
   * all, unless a transaction of it was committed. What it did outside of the database may then be done again.
   */
  readonly lost?: 'skip' | 'retry'
  /** After so long `signal` aborts, and the tick has failed; what its transactions still want to commit is refused. Default: never. */
  readonly timeout?: Duration
  /** How many ticks that are over are kept, 1 to 10,000. Default 1000. */
  readonly history?: number
  /** For how long running ticks are waited for when it stops. Default `'10s'`. */
  readonly grace?: Duration
  /** Stops the schedule in this process, as `stop()` does. */
  readonly signal?: AbortSignal
  /**
   * Told what goes wrong: a `TickFailedError` with what the function threw, a `TickLostError`, a `ScheduleChangedError`, and outages of the
   * database. The schedule goes on. Default: a process warning.
   */
  readonly onError?: (error: Error) => void
}

/** Options as the schedule takes them. */
export interface ParsedCron {
  readonly name: string
  readonly definition: Definition
  readonly timeoutMs: number
  readonly graceMs: number
  readonly signal: AbortSignal | undefined
  readonly onError: (error: Error) => void
}

const KNOWN = ['tz', 'missed', 'overlap', 'lost', 'timeout', 'history', 'grace', 'signal', 'onError']
const LONGEST_NAME = 512
const MOST_HISTORY = 10_000

/** @throws {TypeError} for a name, an expression or an option that cannot be right. */
export function parseCron(name: string, expression: string, options: CronOptions): ParsedCron {
  for (const option of Object.keys(options)) {
    if (!KNOWN.includes(option)) throw new TypeError(`unknown option '${option}'; there are ${KNOWN.join(', ')}`)
  }
  checkScheduleName(name)
  const {
    tz = 'UTC',
    missed = 'skip',
    overlap = 'skip',
    lost = 'skip',
    history = 1000,
    signal,
    onError = warn,
  } = options
  checkOneOf(missed, 'missed', ['skip', 'latest', 'all'])
  checkOneOf(overlap, 'overlap', ['skip', 'queue', 'allow'])
  checkOneOf(lost, 'lost', ['skip', 'retry'])
  checkHistory(history)
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw new TypeError('signal must be an AbortSignal')
  if (typeof onError !== 'function') throw new TypeError(`onError must be a function; got ${typeof onError}`)
  const timeoutMs = parseDuration(options.timeout ?? '0s', 'timeout')
  if (options.timeout !== undefined && timeoutMs === 0) throw new TypeError(`timeout must be longer than '0s'`)
  const graceMs = parseGrace(options.grace ?? '10s')
  // Whether it ever comes depends on no clock, but for one that is of the past.
  if (new Timetable(expression, tz).next(new Date()) === null) {
    throw new TypeError(`the cron expression '${expression}' has no tick to come`)
  }
  const definition = { expression, tz, missed, overlap, lost, history }
  return { name, definition, timeoutMs, graceMs, signal, onError }
}

export function parseGrace(grace: Duration): number {
  return parseDuration(grace, 'grace')
}

/** @throws {TypeError} unless it is 1 to 512 bytes that a lock may be called, too. */
export function checkScheduleName(name: unknown): asserts name is string {
  checkName(name)
  const bytes = Buffer.byteLength(name)
  if (bytes > LONGEST_NAME) {
    throw new TypeError(`the name of a schedule must not be longer than ${LONGEST_NAME} bytes; got ${bytes}`)
  }
}

/** @throws {TypeError} */
export function checkHistory(count: unknown, option = 'history'): asserts count is number {
  if (!Number.isInteger(count) || (count as number) < 1 || (count as number) > MOST_HISTORY) {
    throw new TypeError(`${option} must be a whole number from 1 to ${MOST_HISTORY}; got ${String(count)}`)
  }
}

function checkOneOf(value: string, option: string, known: readonly string[]): void {
  if (!known.includes(value)) throw new TypeError(`${option} must be one of '${known.join("', '")}'; got '${value}'`)
}

function warn(error: Error): void {
  process.emitWarning(error.message, { type: 'FencepostWarning', code: 'FENCEPOST_CRON' })
}
