import type { AnyTransaction } from '../adapters/any-transaction.ts'
import type { Transaction } from '../fencing/pooled-transaction.ts'
import type { Mode } from '../ground/mode.ts'
import type { Lock, TransactionOptions } from '../locks/lock.ts'

/** What the callback of `fp.locks.request` is given: the `Lock` of the Web Locks API, and what makes it safe. */
export class WebLock {
  readonly #name: string
  readonly #lock: Lock

  /** @param name as it was asked for. */
  constructor(name: string, lock: Lock) {
    this.#name = name
    this.#lock = lock
  }

  // Getters, as in browsers: to assign to one throws.
  get name(): string {
    return this.#name
  }

  get mode(): Mode {
    return this.#lock.mode
  }

  /** The fencing token: larger than that of every earlier holder of this name. */
  get token(): number {
    return this.#lock.token
  }

  /** Aborts with a `LockLostError` when the lock is stolen, evicted or lost, while the callback still runs. */
  get signal(): AbortSignal {
    return this.#lock.signal
  }

  /** As `Lock.guard`: makes a transaction of any client commit only while this lock is held. */
  async guard(tx: AnyTransaction): Promise<void> {
    await this.#lock.guard(tx)
  }

  /** As `Lock.transaction`: a transaction that commits only while this lock is held; refused once the thief has it. */
  async transaction<T>(work: (tx: Transaction) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    return await this.#lock.transaction(work, options)
  }
}
