import { optionsAndWork } from '../locks/lock-options.ts'
import { type CronOptions, parseCron } from './cron-options.ts'
import { Records, type RecordsOptions } from './records.ts'
import type { Schedule } from './schedule.ts'
import { Scheduler, type SchedulerParts } from './scheduler.ts'
import { Schedules } from './schedules.ts'
import type { CronWork } from './tick.ts'

/**
 * Runs `work` at each tick of a cron expression, once among all processes that declare the same name, by the clock of the database. Resolves, once the
 * database knows of it, with what stops it here; it keeps the process alive until then. What `work` throws is recorded and told to `onError`.
 *
 * @param expression `minute hour day month weekday`, or six fields with seconds first.
 * @throws {TypeError} for a name, an expression or an option that cannot be right, and for a name that runs in this process already.
 * @throws what `lock` throws at the first use. Later outages of the database are told to `onError` and waited out.
 */
export interface CronCall {
  (name: string, expression: string, work: CronWork): Promise<Schedule>
  (name: string, expression: string, options: CronOptions, work: CronWork): Promise<Schedule>
}

/** `fp.cron` and `fp.schedules`, and what stops all that was begun. */
export function cronCalls({ locks, ...options }: RecordsOptions & Pick<SchedulerParts, 'locks'>): {
  cron: CronCall
  schedules: Schedules
  stop: () => Promise<void>
} {
  const { namespace, main, closing } = options
  const records = new Records(options)
  const scheduler = new Scheduler({ namespace, locks, records, main })
  const cron = async (name: string, expression: string, ...rest: [(CronOptions | CronWork)?, CronWork?]) => {
    const [asked, work] = optionsAndWork<CronOptions, Parameters<CronWork>, unknown>(rest)
    const parsed = parseCron(name, expression, asked)
    if (typeof work !== 'function') throw new TypeError('cron() needs a function to run at each tick')
    closing.throwIfAborted()
    return await scheduler.start(parsed, work)
  }
  return {
    cron,
    schedules: new Schedules({ records, scheduler, namespace, main }),
    stop: async () => await scheduler.stop(),
  }
}
