import { FencepostError } from '../ground/errors.ts'
import type { Definition, TickRunner } from './schedule-record.ts'

/** Which tick an error is about. */
export interface OfTick {
  readonly schedule: string
  readonly scheduledAt: Date
  readonly attempt: number
}

abstract class TickError extends FencepostError {
  readonly schedule: string
  readonly scheduledAt: Date
  readonly attempt: number

  constructor({ schedule, scheduledAt, attempt }: OfTick, what: string, options?: ErrorOptions) {
    super(`tick ${scheduledAt.toISOString()} of schedule "${schedule}" ${what}`, options)
    this.schedule = schedule
    this.scheduledAt = scheduledAt
    this.attempt = attempt
  }
}

/** The function of a tick threw, or took longer than its `timeout`; `cause` is what it threw. It is recorded as failed and not run again. */
export class TickFailedError extends TickError {
  readonly code = 'TICK_FAILED'

  constructor(tick: OfTick, text: string, cause: unknown) {
    super(tick, `failed: ${text}`, { cause })
  }
}

/**
 * A tick was begun, and how it ended could not be recorded: its lock was lost, or the database. It is `lost`, or run again with `lost: 'retry'`. What its
 * transactions still want to commit is refused.
 */
export class TickLostError extends TickError {
  readonly code = 'TICK_LOST'

  constructor(tick: OfTick, cause: Error) {
    super(tick, `was lost: ${cause.message}`, { cause })
  }
}

/** What the `signal` of a tick aborts with after its `timeout`. */
export class TickTimeoutError extends TickError {
  readonly code = 'TICK_TIMEOUT'

  constructor(tick: OfTick, timeoutMs: number) {
    super(tick, `took longer than ${timeoutMs} ms`)
  }
}

/** What the `signal` of a tick aborts with when its schedule was stopped and the grace is over. The tick is lost, or run again by another process with `lost: 'retry'`. */
export class TickStoppedError extends TickError {
  readonly code = 'TICK_STOPPED'

  constructor(tick: OfTick) {
    super(tick, 'was not done when its schedule was stopped')
  }
}

/**
 * Another process has declared the schedule otherwise than this one, as in a deploy that changes it. The last one counts for all, so this process goes by
 * that, too. If no deploy is under way, two versions of your code do not agree.
 */
export class ScheduleChangedError extends FencepostError {
  readonly code = 'SCHEDULE_CHANGED'
  readonly schedule: string
  readonly declared: Definition
  readonly inForce: Definition

  constructor(
    schedule: string,
    { declared, inForce, by }: { declared: Definition; inForce: Definition; by: TickRunner },
  ) {
    const who = `${by.application || 'an unnamed application'} on ${by.host} (pid ${by.process})`
    super(
      `schedule "${schedule}" goes by what ${who} has declared: ${describe(inForce)}; this process had declared ${describe(declared)}`,
    )
    this.schedule = schedule
    this.declared = declared
    this.inForce = inForce
  }
}

function describe({ expression, tz, missed, overlap, lost, history }: Definition): string {
  return `'${expression}' in ${tz} (missed: '${missed}', overlap: '${overlap}', lost: '${lost}', history: ${history})`
}
