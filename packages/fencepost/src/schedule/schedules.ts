import { checkHistory, checkScheduleName } from './cron-options.ts'
import type { Records, RecordsOptions } from './records.ts'
import { readSchedule, readTick, type ScheduleRecord, type TickRecord } from './schedule-record.ts'
import type { Scheduler } from './scheduler.ts'

export interface SchedulesPlace {
  readonly records: Records
  readonly scheduler: Scheduler
  readonly namespace: string
  readonly main: RecordsOptions['main']
}

const LIST = `
  select (to_jsonb(one) || jsonb_build_object('duration_ms', extract(epoch from one.duration) * 1000))::text as record
  from fencepost.schedule_list as one where one.namespace = $1 order by one.name`
const HISTORY = `
  select (to_jsonb(one) || jsonb_build_object('duration_ms', extract(epoch from one.duration) * 1000))::text as record
  from fencepost.tick_list as one where one.namespace = $1 and one.name = $2
  order by one.scheduled_at desc limit $3`

/** Looks at schedules and steers them, also those that run in other processes: all of the namespace of the instance. */
export class Schedules {
  readonly #place: SchedulesPlace

  /** Use `fp.schedules`. */
  constructor(place: SchedulesPlace) {
    this.#place = place
  }

  /** For what else works on the schedules of this instance. */
  static placeOf(schedules: Schedules): SchedulesPlace {
    return schedules.#place
  }

  /** By their names: when each is next due, what became of its last tick, how many were missed and skipped. */
  async list(): Promise<ScheduleRecord[]> {
    const { records, namespace } = this.#place
    const rows = await records.query<{ record: string }>(LIST, [namespace])
    return rows.map(({ record }) => readSchedule(record))
  }

  /** Ticks and what became of them, the newest first, 100 by default; none for a schedule that does not exist. */
  async history(name: string, { limit = 100 }: { readonly limit?: number } = {}): Promise<TickRecord[]> {
    checkScheduleName(name)
    checkHistory(limit, 'limit')
    const { records, namespace } = this.#place
    const rows = await records.query<{ record: string }>(HISTORY, [namespace, name, limit])
    return rows.map(({ record }) => readTick(record))
  }

  /**
   * Has it run once now, also while it is paused, in whichever process begins it first; where ticks may not overlap, after the one that runs. If
   * there is no process, the next to come runs it. Resolves with the id it
   * has in `history`, null if there is no such schedule.
   *
   * @throws {MissingPrivilegeError} unless the role is of `admin`, as all of the below.
   */
  async runNow(name: string): Promise<number | null> {
    return await this.#ask('run_schedule', name)
  }

  /**
   * Has no more ticks begun, by any process, until `resume`; what runs goes on. Ticks of the meantime are neither run later nor missed.
   * False if it was paused already, or does not exist.
   */
  async pause(name: string): Promise<boolean> {
    return (await this.#ask<boolean>('pause_schedule', name)) === true
  }

  /** Goes on with the next tick. False if it was not paused, or does not exist. */
  async resume(name: string): Promise<boolean> {
    return (await this.#ask<boolean>('resume_schedule', name)) === true
  }

  /** Removes a schedule that your code has no more, and its history; one that still runs comes back as new. False if it does not exist. */
  async forget(name: string): Promise<boolean> {
    return (await this.#ask<boolean>('forget_schedule', name)) === true
  }

  async #ask<T>(routine: string, name: string): Promise<T | null> {
    checkScheduleName(name)
    return await this.#place.records.ask<T>(`${routine}($2, $3)`, [name, this.#place.namespace])
  }
}
