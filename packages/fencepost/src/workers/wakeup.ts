/** Wakes one who waits: a call while nobody does is kept for the next wait. */
export class Wakeup {
  #isCalled = false
  #resolve: (() => void) | undefined

  call(): void {
    this.#isCalled = true
    this.#resolve?.()
  }

  /** Until it is called, or so long has passed: then false. It keeps the process alive. */
  async wait(ms: number): Promise<boolean> {
    if (!this.#isCalled) {
      let timer: NodeJS.Timeout | undefined
      await new Promise<void>((resolve) => {
        this.#resolve = resolve
        timer = setTimeout(resolve, Math.min(ms, LONGEST_MS))
      })
      clearTimeout(timer)
      this.#resolve = undefined
    }
    const wasCalled = this.#isCalled
    this.#isCalled = false
    return wasCalled
  }
}

/** What timers take. */
const LONGEST_MS = 2 ** 31 - 1
