import type { AnyTransaction } from '../adapters/any-transaction.ts'
import type { Transaction } from '../fencing/pooled-transaction.ts'
import type { Lock, TransactionOptions } from '../locks/lock.ts'
import { TermResignedError } from './election-errors.ts'

/** The time for which this process is the leader. Its functions may be taken out of it: `({ transaction, signal }) => …`. */
export class Term {
  readonly name: string
  /** The fencing token of its lock: larger than that of every earlier term of this name. */
  readonly term: number
  readonly #lock: Lock
  readonly #over = new AbortController()

  constructor(lock: Lock) {
    this.#lock = lock
    this.name = lock.name
    this.term = lock.token
    const lose = () => this.end(lock.signal.reason as Error)
    if (lock.signal.aborted) lose()
    else lock.signal.addEventListener('abort', lose, { once: true })
  }

  /** Aborts when the term is over: with a `LockLostError`, a `TermResignedError`, or the reason of the signal given to `lead`. */
  get signal(): AbortSignal {
    return this.#over.signal
  }

  /** Runs `work` in a transaction that commits only while this is the leader, and throws what `lock.transaction` throws. */
  readonly transaction = <T>(work: (tx: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T> =>
    this.#lock.transaction(work, options)

  /** Guards a transaction of any client: it commits only while this is the leader. As `lock.guard`, which says where to call it. */
  readonly guard = (tx: AnyTransaction): Promise<void> => this.#lock.guard(tx)

  /**
   * Ends the term: `signal` aborts, and when the function is done the next in line is the leader; this process stands in line again behind
   * all who wait. Does nothing when the term is over.
   */
  readonly resign = (): void => this.end(new TermResignedError(this.name, this.term))

  /** For whoever runs the election. */
  end(reason: Error): void {
    this.#over.abort(reason)
  }
}
