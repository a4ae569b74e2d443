import type { Claimed } from './claimed.ts'

const WINDOW_MS = 100

/**
 * Jobs that are claimed and not begun. There are to be as many as were done in the last 100 ms, so that none waits here for a worker
 * that is slow while another one would have time for it.
 */
export class Prefetched {
  readonly #most: number
  #jobs: Claimed[] = []
  #next = 0
  #done = 0
  #doneBefore = 0
  #windowAt = performance.now()

  constructor(most: number) {
    this.#most = most
  }

  get length(): number {
    return this.#jobs.length - this.#next
  }

  add(jobs: readonly Claimed[]): void {
    this.#jobs = this.length === 0 ? [...jobs] : [...this.#jobs.slice(this.#next), ...jobs]
    this.#next = 0
  }

  next(): Claimed | undefined {
    const job = this.#jobs[this.#next]
    if (job !== undefined) this.#next++
    return job
  }

  takeAll(): readonly Claimed[] {
    const left = this.#jobs.slice(this.#next)
    this.#jobs = []
    this.#next = 0
    return left
  }

  countDone(): void {
    this.#done++
  }

  /** How many there are to be. */
  wanted(): number {
    const now = performance.now()
    if (now - this.#windowAt > WINDOW_MS) {
      this.#doneBefore = now - this.#windowAt > 2 * WINDOW_MS ? 0 : this.#done
      this.#done = 0
      this.#windowAt = now
    }
    return Math.min(Math.max(this.#done, this.#doneBefore), this.#most)
  }
}
