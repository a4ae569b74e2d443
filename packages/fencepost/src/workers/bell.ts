/** Wakes one who waits: a ring while nobody does is kept for the next wait. */
export class Bell {
  #isRung = false
  #wake: (() => void) | undefined

  ring(): void {
    this.#isRung = true
    this.#wake?.()
  }

  /** Until it is rung, or so long has passed: then false. It keeps the process alive. */
  async wait(ms: number): Promise<boolean> {
    if (!this.#isRung) {
      let timer: NodeJS.Timeout | undefined
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        timer = setTimeout(resolve, Math.min(ms, LONGEST_MS))
      })
      clearTimeout(timer)
      this.#wake = undefined
    }
    const wasRung = this.#isRung
    this.#isRung = false
    return wasRung
  }
}

/** What timers take. */
const LONGEST_MS = 2 ** 31 - 1
