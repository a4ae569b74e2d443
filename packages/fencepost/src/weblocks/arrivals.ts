import { orAborted } from '../ground/abort.ts'

const MOST_MS = 1000

/** Requests on their way to the server, which tells nothing of them before they hold the lock or stand in its line. */
export class Arrivals {
  readonly #onTheWay = new Set<Promise<void>>()

  /** One more; calling its end again does nothing. */
  begin(): { end(): void } & Disposable {
    let arrived!: () => void
    const arrival = new Promise<void>((resolve) => (arrived = resolve))
    this.#onTheWay.add(arrival)
    const end = () => {
      this.#onTheWay.delete(arrival)
      arrived()
    }
    return { end, [Symbol.dispose]: end }
  }

  /** Resolves when all have arrived that are on their way now, or after a second. */
  async all(): Promise<void> {
    if (this.#onTheWay.size === 0) return
    await orAborted(Promise.all(this.#onTheWay), AbortSignal.timeout(MOST_MS)).catch(() => {})
  }
}
