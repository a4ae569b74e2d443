import type { AnyTransaction } from '../adapters/any-transaction.ts'
import type { Transaction } from '../fencing/pooled-transaction.ts'
import type { Lock, TransactionOptions } from '../locks/lock.ts'

/** One permit of a semaphore: a lock on one of its numbers, which is lost, told, guarded and given back as any other lock. */
export class Permit implements AsyncDisposable {
  /** What the semaphore is called. */
  readonly semaphore: string
  /** 1 to the number of permits: no two hold the same at a time. */
  readonly number: number
  /** Of its lock, `<semaphore>#<number>` in the namespace `<namespace>/semaphore`: what errors, events and SQL call it. */
  readonly name: string
  /** The fencing token: larger than that of every earlier holder of this number. */
  readonly token: number
  readonly #lock: Lock

  constructor(semaphore: string, lock: Lock) {
    this.#lock = lock
    this.semaphore = semaphore
    this.name = lock.name
    this.number = Number(lock.name.slice(semaphore.length + 1))
    this.token = lock.token
  }

  /** Aborts with a `LockLostError` when the permit is lost: somebody else may have it. */
  get signal(): AbortSignal {
    return this.#lock.signal
  }

  /** As `lock.pgOptions`: what a program writes to tables whose rule names this permit, in its namespace, passes while it is held. */
  get pgOptions(): string {
    return this.#lock.pgOptions
  }

  /** Whether `release()` was called. */
  get isReleased(): boolean {
    return this.#lock.isReleased
  }

  /** Lets a transaction of any client commit only while the permit is held. As `lock.guard`, which says where to call it. */
  async guard(tx: AnyTransaction): Promise<void> {
    await this.#lock.guard(tx)
  }

  /** Runs `work` in a transaction that commits only while the permit is held, and throws what `lock.transaction` throws. */
  async transaction<T>(work: (tx: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T> {
    return await this.#lock.transaction(work, options)
  }

  /** Gives the permit back. Never throws, also when it is lost or released already. */
  release(): Promise<void> {
    return this.#lock.release()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release()
  }
}
