import type { Holder } from '../ground/holder.ts'

/** Who is asked after, how often, and who is told: null if nobody is known to hold it. */
export interface Telling {
  readonly everyMs: number
  holder(): Promise<Holder | null>
  tell(holder: Holder | null, waitedMs: number): void
}

/** Tells who is waited for again and again, from the first time on and until it is disposed of. What `tell` throws becomes an uncaught exception. */
export class ToldAgain implements Disposable {
  readonly #telling: Telling
  readonly #startedAt = performance.now()
  #timer: NodeJS.Timeout | undefined
  #isOver = false

  constructor(telling: Telling) {
    this.#telling = telling
  }

  /** For the `onWait` of a lock. */
  readonly onWait = (holder: Holder | null): void => {
    if (this.#isOver) return
    this.#timer ??= setInterval(() => void this.#again(), this.#telling.everyMs).unref()
    this.#telling.tell(holder, performance.now() - this.#startedAt)
  };

  [Symbol.dispose](): void {
    this.#isOver = true
    clearInterval(this.#timer)
  }

  /** An answer that does not come is made up for by the next. */
  async #again(): Promise<void> {
    const holder = await this.#telling.holder().catch(() => null)
    if (this.#isOver) return
    // Outside of the promise, so that it is not swallowed.
    process.nextTick(() => this.#telling.tell(holder, performance.now() - this.#startedAt))
  }
}

/** One line on stderr: whoever waits before it serves anybody should not do it in silence. */
export function tellOnStderr(what: string, describe: (holder: Holder | null) => string) {
  return (holder: Holder | null, waitedMs: number): void => {
    const waited = waitedMs < 1000 ? '' : ` for ${Math.round(waitedMs / 1000)} s`
    process.stderr.write(`fencepost: waiting${waited} for ${what}, ${describe(holder)}\n`)
  }
}
