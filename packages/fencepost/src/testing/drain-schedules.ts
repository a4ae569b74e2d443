import { Schedules } from '../schedule/schedules.ts'
import { setByClock, type TestClock, testClock } from './test-clock.ts'

export interface DrainSchedulesOptions {
  /** What time it is for schedules; the server's by default. */
  readonly clock?: TestClock
}

/**
 * For tests: has the schedules of this instance look at the clock, runs here what is due, and returns when nothing is any more. What becomes of ticks that the clock
 * has leapt past `missed` says: advance it to `nextAt` to have each on time. From here on `fp.cron` and `fp.schedules` go by this clock.
 *
 * @param fp of a database in which no other process runs the same schedules: it would take some of their ticks.
 */
export async function drainSchedules(
  fp: { readonly schedules: Schedules },
  { clock = testClock() }: DrainSchedulesOptions = {},
): Promise<void> {
  const { main, scheduler } = Schedules.placeOf(fp.schedules)
  await setByClock(clock, main)
  await scheduler.drain()
}
