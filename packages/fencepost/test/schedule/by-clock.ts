import { drainSchedules, type Fencepost, fencepost, type TestClock, testClock } from 'fencepost'

/** An instance whose schedules go by a clock that a test moves. */
export interface ByClock extends AsyncDisposable {
  readonly fp: Fencepost
  readonly clock: TestClock
  /** Moves the clock to an instant, and runs what is due then. */
  to(instant: string): Promise<void>
}

/** The clock starts at an instant, which is in the future. */
export async function byClock(url: string, start: string): Promise<ByClock> {
  const fp = fencepost(url)
  const clock = testClock()
  const to = async (instant: string) => {
    const byMs = Date.parse(instant) - Date.now() - clock.aheadMs
    await clock.advance(`${Math.max(0, byMs)}ms`)
    await drainSchedules(fp, { clock })
  }
  await to(start)
  return { fp, clock, to, [Symbol.asyncDispose]: () => fp.close() }
}
