import { Cron } from 'croner'
import { asError } from '../ground/as-error.ts'

/** Of a long outage no more ticks than these are told one by one: the latest. */
const MOST = 1000

/** When the ticks of an expression are, between instants that the server tells: no clock of this process is asked. */
export class Timetable {
  readonly #cron: Cron

  /** @throws {TypeError} for what is no cron expression or no time zone. */
  constructor(expression: unknown, tz: unknown) {
    this.#cron = parse(checkExpression(expression), checkZone(tz))
  }

  /** Those after one instant and not after another: at most the latest 1000. */
  between(after: Date, until: Date): Date[] {
    const ticks: Date[] = []
    for (let tick = this.next(after); tick !== null && tick <= until; tick = this.next(tick)) {
      if (ticks.push(tick) === MOST) return this.#latest(after, until)
    }
    return ticks
  }

  /** The first one after an instant; null if there is none any more. */
  next(after: Date): Date | null {
    return this.#cron.nextRun(after)
  }

  #latest(after: Date, until: Date): Date[] {
    // Ticks are whole seconds, and those before the next one are asked for.
    const reference = new Date((Math.floor(Number(until) / 1000) + 1) * 1000)
    const ticks = this.#cron.previousRuns(MOST, reference).filter((tick) => tick > after)
    return ticks.toSorted((one, other) => Number(one) - Number(other))
  }
}

function checkExpression(expression: unknown): string {
  if (typeof expression !== 'string') {
    throw new TypeError(`a cron expression is a text such as '0 2 * * *'; got ${typeof expression}`)
  }
  return expression
}

function checkZone(tz: unknown): string {
  try {
    // Without one, or with an empty one, it would be that of the process.
    if (typeof tz !== 'string' || tz === '') throw new TypeError('it is no text')
    new Intl.DateTimeFormat('en', { timeZone: tz }).format()
    return tz
  } catch (cause) {
    throw new TypeError(`tz must be a time zone such as 'Europe/Warsaw' or 'UTC'; got ${JSON.stringify(tz)}`, { cause })
  }
}

function parse(expression: string, timezone: string): Cron {
  const why = (reason: string, cause?: unknown) =>
    new TypeError(
      `a cron expression has 5 fields, minute hour day month weekday, such as '0 2 * * *', or 6 with seconds first; ` +
        `got '${expression}': ${reason}`,
      { cause },
    )
  // What else the library takes is a date.
  if (!/^\s*(@\w+|\S+(\s+\S+){4,6})\s*$/.test(expression)) throw why('it has another number of fields')
  try {
    return new Cron(expression, { timezone, paused: true, fixedTimeRule: 'no-wildcard' })
  } catch (error) {
    throw why(asError(error).message, error)
  }
}
