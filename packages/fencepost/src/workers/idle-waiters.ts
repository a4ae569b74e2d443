interface Waiter {
  readonly since: number
  readonly resolve: () => void
}

/** Who waits for a worker to find nothing: a look that began before they asked does not count for them. */
export class IdleWaiters {
  #waiters: Waiter[] = []

  async wait(): Promise<void> {
    await new Promise<void>((resolve) => this.#waiters.push({ since: performance.now(), resolve }))
  }

  /** Whether there are others left, who asked after this time. */
  tell(lookedAt: number): boolean {
    const told = this.#waiters.filter(({ since }) => since <= lookedAt)
    this.#waiters = this.#waiters.filter(({ since }) => since > lookedAt)
    for (const { resolve } of told) resolve()
    return this.#waiters.length > 0
  }
}
