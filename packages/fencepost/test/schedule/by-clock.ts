import { type Fencepost, fencepost, type TickState } from 'fencepost'
import { drainSchedules, type TestClock, testClock } from 'fencepost/testing'
import type { Database } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'

/** An instance whose schedules go by a clock that a test moves. */
export interface ByClock extends AsyncDisposable {
  readonly fp: Fencepost
  readonly clock: TestClock
  /** Moves the clock to an instant, and runs what is due then. */
  to(instant: string): Promise<void>
  untilState(name: string, state: TickState): Promise<void>
  /** Until so many ticks have their rows. */
  untilTicks(name: string, count: number): Promise<void>
}

/** The clock starts at an instant, which is in the future. */
export async function byClock({ url, admin }: Database, start: string): Promise<ByClock> {
  const fp = fencepost(url)
  const clock = testClock()
  const to = async (instant: string) => {
    await clock.advance(`${Math.max(0, Date.parse(instant) - Date.now() - clock.aheadMs)}ms`)
    await drainSchedules(fp, { clock })
  }
  await to(start)
  return {
    fp,
    clock,
    to,
    untilState: async (name, state) => {
      await eventually(async () => (await fp.schedules.history(name)).some((tick) => tick.state === state))
    },
    untilTicks: async (name, count) => {
      // It looks again in a second.
      await admin.query(`select pg_notify('fencepost:cron', 'default')`)
      await eventually(async () => (await fp.schedules.history(name)).length === count)
    },
    [Symbol.asyncDispose]: () => fp.close(),
  }
}
