import { type Duration, parseDuration } from '../ground/duration.ts'
import type { Session } from '../postgres/session.ts'

const LONGEST_MS = 36_500 * 86_400_000

/** A clock for `drain`: by how much the time of jobs is ahead of the server's. */
export function testClock(): TestClock {
  return new TestClock()
}

/** By how much the time of jobs is ahead of the server's, for tests of what happens tomorrow. It runs on by itself. */
export class TestClock {
  #aheadMs = 0
  readonly #followers = new Set<() => Promise<Session>>()

  get aheadMs(): number {
    return this.#aheadMs
  }

  /**
   * Once it resolves, `fp.enqueue` of the instances that were drained by this clock goes by the new time.
   *
   * @throws {TypeError} for what is no duration: time does not go back.
   */
  async advance(by: Duration): Promise<void> {
    this.#aheadMs += parseDuration(by, 'by', LONGEST_MS)
    await Promise.all([...this.#followers].map(async (main) => await setJobClock(await main(), this.#aheadMs)))
  }

  /** Has an instance go by a clock from now on. */
  static async follow(clock: TestClock, main: () => Promise<Session>): Promise<void> {
    clock.#followers.add(main)
    await setJobClock(await main(), clock.#aheadMs)
  }
}

/** Sets what `job_clock` tells on a connection, until that ends. */
export async function setJobClock(session: Session, aheadMs: number): Promise<void> {
  await session.query(`select set_config('fencepost.clock', $1, false)`, [`${aheadMs} milliseconds`])
}
