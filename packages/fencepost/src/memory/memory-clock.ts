import type { WaitClock } from '../providers/provided-locker.ts'
import { TestClock } from '../testing/test-clock.ts'

/** Waits by a clock that runs on by itself and is advanced at times. */
export class MemoryClock implements WaitClock {
  readonly #clock: TestClock

  constructor(clock: TestClock) {
    this.#clock = clock
  }

  now(): number {
    return performance.now() + this.#clock.aheadMs
  }

  /** The instant, for people. */
  date(): Date {
    return new Date(Date.now() + this.#clock.aheadMs)
  }

  after(ms: number): { signal: AbortSignal } & Disposable {
    const late = new AbortController()
    const endsAt = this.now() + ms
    let timer: NodeJS.Timeout | undefined
    const look = () => {
      clearTimeout(timer)
      const leftMs = endsAt - this.now()
      if (leftMs <= 0) late.abort()
      else timer = setTimeout(look, Math.ceil(leftMs))
    }
    const following = TestClock.follow(this.#clock, late, look)
    look()
    return {
      signal: late.signal,
      [Symbol.dispose]: () => {
        clearTimeout(timer)
        following[Symbol.dispose]()
      },
    }
  }
}
