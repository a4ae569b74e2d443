import { type Duration, parseDuration } from '../ground/duration.ts'
import type { Session } from '../postgres/session.ts'

const LONGEST_MS = 36_500 * 86_400_000

/** A clock for `drain`, `drainSchedules` and `memoryLocks`: by how much the time of tests is ahead of the real one. */
export function testClock(): TestClock {
  return new TestClock()
}

/** By how much the time of jobs, schedules and waits for locks in memory is ahead, for tests of what happens tomorrow. It runs on by itself. */
export class TestClock {
  #aheadMs = 0
  readonly #followers = new Map<object, () => Promise<void> | void>()

  get aheadMs(): number {
    return this.#aheadMs
  }

  /**
   * Once it resolves, `fp.enqueue` and the schedules of the instances that were drained by this clock go by the new time, and waits in memory that are
   * due have ended.
   *
   * @throws {TypeError} for what is no duration: time does not go back.
   */
  async advance(by: Duration): Promise<void> {
    this.#aheadMs += parseDuration(by, 'by', LONGEST_MS)
    await Promise.all([...this.#followers.values()].map(async (follow) => await follow()))
  }

  /** Calls back whenever a clock is advanced, until it is disposed of; each follower once. */
  static follow(clock: TestClock, follower: object, tell: () => Promise<void> | void): Disposable {
    clock.#followers.set(follower, tell)
    return { [Symbol.dispose]: () => void clock.#followers.delete(follower) }
  }
}

/** Has an instance go by a clock from now on. */
export async function setByClock(clock: TestClock, main: () => Promise<Session>): Promise<void> {
  const set = async () => await setJobClock(await main(), clock.aheadMs)
  TestClock.follow(clock, main, set)
  await set()
}

/** Sets what `job_clock` tells on a connection, until that ends. */
export async function setJobClock(session: Session, aheadMs: number): Promise<void> {
  await session.query(`select set_config('fencepost.clock', $1, false)`, [`${aheadMs} milliseconds`])
}
