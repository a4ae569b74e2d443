import type { Transaction } from '../fencing/pooled-transaction.ts'
import type { Mode } from '../ground/mode.ts'
import type { AnyTransaction } from '../adapters/any-transaction.ts'
import type { Origin } from '../postgres/target.ts'
import { Lock, type TransactionOptions } from './lock.ts'

/** Several locks that were taken together and are let go of together. */
export class LockSet implements AsyncDisposable {
  /** In the order they were taken in, that of their keys. */
  readonly locks: readonly Lock[]
  readonly #origin: Origin
  #lost: AbortController | undefined
  #release: Promise<void> | undefined

  constructor(locks: readonly Lock[], origin: Origin) {
    this.locks = locks
    this.#origin = origin
  }

  get names(): string[] {
    return this.locks.map(({ name }) => name)
  }

  get mode(): Mode {
    return this.locks[0]?.mode ?? 'exclusive'
  }

  get isReleased(): boolean {
    return this.#release !== undefined
  }

  /** Aborts with the `LockLostError` of the first that is lost. The others are still held then, until the release. */
  get signal(): AbortSignal {
    if (this.#lost === undefined) {
      const lost = new AbortController()
      this.#lost = lost
      for (const { signal } of this.locks) {
        if (signal.aborted) lost.abort(signal.reason)
        else signal.addEventListener('abort', () => lost.abort(signal.reason), { once: true })
      }
    }
    return this.#lost.signal
  }

  /** As `Lock.pgOptions`, for all of them: what a program writes under any of their names passes. */
  get pgOptions(): string {
    return Lock.pgOptionsOf(this.locks)
  }

  /** Guards a transaction of any client with all of them, as `Lock.guard` does with one. */
  async guard(tx: AnyTransaction): Promise<void> {
    for (const lock of this.locks) await lock.guard(tx)
  }

  /** A transaction that commits only while all of them are held, as `Lock.transaction` does for one. */
  async transaction<T>(work: (tx: Transaction) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    return await Lock.transactionOf(this, this.#origin, { work, options })
  }

  /** Gives all of them back. Never throws. */
  release(): Promise<void> {
    this.#release ??= Promise.all(this.locks.map((lock) => lock.release())).then(() => {})
    return this.#release
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release()
  }
}
