import { SingleBusyError } from './single-errors.ts'
import type { AskedSingle, SingleWork } from './single-options.ts'

/** One call that waits for a result. */
export interface Caller extends AskedSingle {
  readonly work: SingleWork<unknown>
}

interface Seat extends Caller {
  readonly settle: (result: string | null) => void
  readonly fail: (error: unknown) => void
}

/** Those of one process who wait for the result of one key. `isLeft` aborts once the last of them has given up. */
export class Callers {
  readonly #key: string
  readonly #seats = new Set<Seat>()
  readonly #left = new AbortController()
  #isAnothersTurn = false
  #isAnswered = false
  #chosen: Seat | undefined

  constructor(key: string) {
    this.#key = key
  }

  /** Aborts when nobody waits any more, though nobody has been answered. */
  get left(): AbortSignal {
    return this.#left.signal
  }

  /** Whether whoever joins now is answered. */
  get isOpen(): boolean {
    return !this.#isAnswered && !this.#left.signal.aborted
  }

  /** JSON text, null for nothing. Rejects with the signal's reason, or a `SingleBusyError` after `wait`. */
  async join(caller: Caller): Promise<string | null> {
    const { signal, waitMs } = caller
    let seat!: Seat
    const answer = new Promise<string | null>(
      (resolve, reject) => (seat = { ...caller, settle: resolve, fail: reject }),
    )
    this.#seats.add(seat)
    const giveUp = () => this.#leave(seat, signal?.reason)
    signal?.addEventListener('abort', giveUp, { once: true })
    const timer = waitMs === null || waitMs === 0 ? undefined : setTimeout(() => this.#refuse(seat), waitMs)
    if (waitMs === 0 && this.#isAnothersTurn) this.#refuse(seat)
    try {
      return await answer
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', giveUp)
    }
  }

  /** Somebody else computes it: whoever does not wait is told. */
  refuseHasty(): void {
    this.#isAnothersTurn = true
    for (const seat of this.#seats) if (seat.waitMs === 0) this.#refuse(seat)
  }

  /** Whose function is called; the others wait for it. Undefined if nobody is left. */
  choose(): Caller | undefined {
    ;[this.#chosen] = this.#seats
    if (this.#chosen !== undefined) this.refuseHasty()
    return this.#chosen
  }

  settle(result: string | null): void {
    this.#isAnswered = true
    for (const seat of this.#seats) seat.settle(result)
    this.#seats.clear()
  }

  fail(error: unknown): void {
    this.#isAnswered = true
    for (const seat of this.#seats) seat.fail(error)
    this.#seats.clear()
  }

  /** The one whose function is called does not wait for somebody else. */
  #refuse(seat: Seat): void {
    if (seat !== this.#chosen) this.#leave(seat, new SingleBusyError(this.#key))
  }

  #leave(seat: Seat, reason: unknown): void {
    if (!this.#seats.delete(seat)) return
    seat.fail(reason)
    if (this.#seats.size === 0) this.#left.abort(reason)
  }
}
