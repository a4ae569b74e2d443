import { firstOf, orAborted } from '../ground/abort.ts'
import { LockLostError, LockReleasedError } from '../ground/errors.ts'
import type { Mode } from '../ground/mode.ts'
import type { Fence } from '../fencing/fence.ts'
import { guard } from '../fencing/guard.ts'
import { guardedTransaction, type Isolation, type Transaction } from '../fencing/guarded-transaction.ts'
import type { InTransaction } from '../postgres/queryable.ts'
import type { Origin } from '../postgres/target.ts'

const GUARDS_MS = 5000

export interface TransactionOptions {
  /** Default `'read committed'`. Any level sees what earlier holders committed: the lock is older than the snapshot. */
  readonly isolation?: Isolation
}

/**
 * A lock this process was granted.
 *
 *     held ──release()──────────────▶ released
 *      └────connection over─▶ lost ──release()──▶ released
 *
 * The server decides when it is lost; `signal` tells. Whoever goes on without listening is refused by the database,
 * in `guard` and `transaction`.
 */
export class Lock implements AsyncDisposable {
  /** The fencing token: larger than that of every earlier holder of this name. */
  readonly token: number
  readonly name: string
  readonly mode: Mode
  readonly #fence: Fence
  readonly #origin: Origin
  readonly #letGo: () => Promise<void>
  readonly #guards = new Set<Promise<void>>()
  #lost: LockLostError | undefined
  #told: AbortController | undefined
  #release: Promise<void> | undefined

  /** @param letGo never rejects: a session that cannot let go is ended, and everything it held with it. */
  constructor(fence: Fence, origin: Origin, letGo: () => Promise<void>) {
    this.#fence = fence
    this.#origin = origin
    this.#letGo = letGo
    this.name = fence.name
    this.token = fence.token
    this.mode = fence.mode
  }

  /** Aborts with a `LockLostError` as soon as the connection that holds the lock is known to be over. */
  get signal(): AbortSignal {
    this.#told ??= new AbortController()
    if (this.#lost !== undefined) this.#told.abort(this.#lost)
    return this.#told.signal
  }

  /** For whoever holds the connection: it is over, and something was still held on it. */
  lose(cause: Error): void {
    this.#lost = new LockLostError(this.name, cause)
    this.#told?.abort(this.#lost)
  }

  /**
   * Guards a transaction of any client: it commits only while this lock is held, and until it has nobody else is granted it.
   * Call it inside the transaction, not inside a savepoint you may roll back, best right before COMMIT.
   *
   * @throws {StaleTokenError} if the lock is no longer held (SQLSTATE LK001): roll back and do not retry.
   * @throws {LockReleasedError} after `release()`.
   * @throws {TypeError} for a pool: each of its queries may run on another connection.
   */
  async guard(tx: InTransaction): Promise<void> {
    if (this.#release !== undefined) throw new LockReleasedError(this.name)
    if ('totalCount' in tx) throw new TypeError('guard() needs a connection inside a transaction; it got a pool')
    const guarded = guard(tx, this.#fence)
    const settled = guarded.then(
      () => {},
      () => {},
    )
    this.#guards.add(settled)
    try {
      await guarded
    } finally {
      this.#guards.delete(settled)
    }
  }

  /**
   * Runs `work` in a transaction on a connection of the pool and commits it, guarded; rolls back if `work` throws.
   * The transaction is ended by the server if it sits idle for longer than `freezeTimeout`.
   *
   * @throws {StaleTokenError} if the lock is no longer held: nothing was written, do not retry.
   * @throws {LockReleasedError} if the lock was released before `work` was done: nothing was written.
   * @throws {TransactionLostError} if its connection broke before COMMIT, unless `work` threw: nothing was written.
   * @throws {CommitUncertainError} if its connection broke during COMMIT.
   */
  async transaction<T>(work: (tx: Transaction) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    if (this.#release !== undefined) throw new LockReleasedError(this.name)
    const run = async (tx: Transaction) => {
      const result = await work(tx)
      if (this.#release !== undefined) throw new LockReleasedError(this.name)
      return result
    }
    return await guardedTransaction(this.#origin, this.#fence, {
      lost: this.signal,
      isolation: checkIsolation(options.isolation ?? 'read committed'),
      run,
    })
  }

  /** Gives the lock back. Never throws, also when it is lost or released already. Waits for guard calls under way, up to 5 s. */
  release(): Promise<void> {
    this.#release ??= this.#giveBack()
    return this.#release
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release()
  }

  async #giveBack(): Promise<void> {
    // A guard call of a lost lock may wait behind the next holder, and one of a dead connection for ever.
    if (this.#guards.size > 0) {
      using enough = firstOf([this.signal, AbortSignal.timeout(GUARDS_MS)])
      await orAborted(Promise.all(this.#guards), enough.signal).catch(() => {})
    }
    await this.#letGo()
  }
}

function checkIsolation(isolation: Isolation): Isolation {
  if (!['read committed', 'repeatable read', 'serializable'].includes(isolation)) {
    throw new TypeError(`isolation must be 'read committed', 'repeatable read' or 'serializable'; got '${isolation}'`)
  }
  return isolation
}
