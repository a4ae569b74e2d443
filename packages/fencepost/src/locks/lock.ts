import { firstOf, orAborted } from '../ground/abort.ts'
import { type LockLostError, LockReleasedError } from '../ground/errors.ts'
import type { Mode } from '../ground/mode.ts'
import type { OfHeld } from '../events/lock-events.ts'
import { checkIsolation, type Fencing, type Isolation } from '../fencing/guarded-transaction.ts'
import type { Transaction } from '../fencing/pooled-transaction.ts'
import type { AnyTransaction } from '../adapters/any-transaction.ts'

const GUARDS_MS = 5000

export interface TransactionOptions {
  /** Default `'read committed'`. Any level sees what earlier holders committed: the lock is older than the snapshot. */
  readonly isolation?: Isolation
}

/** What keeps a lock that was granted. */
export interface Keeper {
  /** Lets go. Never rejects: a session that cannot let go is ended, and everything it held with it. */
  end(): Promise<void>
  /** What it is held on: all that is held there is lost together. */
  readonly session: object
}

interface HeldTogether {
  readonly locks: readonly Lock[]
  readonly signal: AbortSignal
}

interface Asked<T> {
  readonly work: (tx: Transaction) => Promise<T>
  readonly options: TransactionOptions
}

/**
 * A lock this process was granted.
 *
 *     held ──release()──────────────▶ released
 *      └─connection over, evicted─▶ lost ──release()──▶ released
 *
 * The server decides when it is lost; `signal` tells. Whoever goes on without listening is refused by the database,
 * in `guard` and `transaction`.
 */
export class Lock implements AsyncDisposable {
  /** The fencing token: larger than that of every earlier holder of this name. */
  readonly token: number
  readonly name: string
  readonly mode: Mode
  readonly #fence: OfHeld
  readonly #fencing: Fencing
  readonly #keeper: Keeper
  #guards: Set<Promise<void>> | undefined
  #lost: LockLostError | undefined
  #told: AbortController | undefined
  #release: Promise<void> | undefined

  constructor(fence: OfHeld, fencing: Fencing, keeper: Keeper) {
    this.#fence = fence
    this.#fencing = fencing
    this.#keeper = keeper
    this.name = fence.name
    this.token = fence.token
    this.mode = fence.mode
  }

  /** Aborts with a `LockLostError` as soon as the connection that holds the lock is known to be over, or somebody has it evicted. */
  get signal(): AbortSignal {
    this.#told ??= new AbortController()
    if (this.#lost !== undefined) this.#told.abort(this.#lost)
    return this.#told.signal
  }

  /**
   * For the environment variable `PGOPTIONS`, or the option `options` of a driver: what a program that is started with it writes to protected
   * tables passes while this lock is held, and is refused afterwards (SQLSTATE LK001).
   */
  get pgOptions(): string {
    return Lock.pgOptionsOf([this], this.#fencing)
  }

  /** The same for several that are held together. */
  static pgOptionsOf(locks: readonly Lock[], fencing: Fencing): string {
    return fencing.pgOptions(locks.map((lock) => lock.#fence))
  }

  /** For what ends locks past their handles. */
  static keeperOf(lock: Lock): Keeper {
    return lock.#keeper
  }

  /** For whoever holds the connection: it is over, or is to let go of this lock, which was still held on it. */
  lose(lost: LockLostError): void {
    this.#lost = lost
    this.#told?.abort(lost)
  }

  /** Whether `release()` was called. */
  get isReleased(): boolean {
    return this.#release !== undefined
  }

  /**
   * Guards a transaction of any client: it commits only while this lock is held, and until it has nobody else is granted it.
   * Call it inside the transaction, not inside a savepoint you may roll back, best right before COMMIT; where it writes to
   * protected tables, before it does.
   *
   * @throws {StaleTokenError} if the lock is no longer held (SQLSTATE LK001): roll back and do not retry.
   * @throws {LockReleasedError} after `release()`.
   * @throws {NotInTransactionError} if no transaction is open.
   * @throws {TypeError} for a pool, each of whose queries may run on another connection, and for a client we do not know.
   */
  async guard(tx: AnyTransaction): Promise<void> {
    if (this.#release !== undefined) throw new LockReleasedError(this.name)
    const guarded = this.#fencing.guard(tx, this.#fence)
    const settled = guarded.then(
      () => {},
      () => {},
    )
    const guards = (this.#guards ??= new Set())
    guards.add(settled)
    try {
      await guarded
    } finally {
      guards.delete(settled)
    }
  }

  /**
   * Runs `work` in a transaction on a connection of the pool and commits it, guarded; rolls back if `work` throws.
   * The transaction is ended by the server if it sits idle for longer than `freezeTimeout`.
   *
   * @throws {StaleTokenError} if the lock is no longer held: nothing was written, do not retry.
   * @throws {LockReleasedError} if the lock was released before `work` was done: nothing was written.
   * @throws {TransactionLostError} if its connection broke before COMMIT, unless `work` threw an error of its own: nothing was written.
   * @throws {CommitUncertainError} if its connection broke during COMMIT.
   * @throws {TransactionCutError} if `work` sent BEGIN, COMMIT or ROLLBACK itself.
   */
  async transaction<T>(work: (tx: Transaction) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    return await Lock.transactionOf({ locks: [this], signal: this.signal }, this.#fencing, { work, options })
  }

  /** The same for several that are held together. */
  static async transactionOf<T>(held: HeldTogether, fencing: Fencing, { work, options }: Asked<T>): Promise<T> {
    const isolation = checkIsolation(options.isolation ?? 'read committed')
    const refuseReleased = () => {
      const released = held.locks.find(({ isReleased }) => isReleased)
      if (released !== undefined) throw new LockReleasedError(released.name)
    }
    const run = async (tx: Transaction) => {
      const result = await work(tx)
      refuseReleased()
      return result
    }
    refuseReleased()
    const fences = held.locks.map((lock) => lock.#fence)
    return await fencing.transaction(fences, { lost: held.signal, isolation, run })
  }

  /** Gives the lock back. Never throws, also when it is lost or released already. Waits for guard calls under way, up to 5 s. */
  release(): Promise<void> {
    this.#release ??= this.#giveBack()
    return this.#release
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release()
  }

  #giveBack(): Promise<void> {
    return this.#guards === undefined || this.#guards.size === 0
      ? this.#keeper.end()
      : this.#giveBackAfter(this.#guards)
  }

  /** A guard call of a lost lock may wait behind the next holder, and one of a dead connection for ever. */
  async #giveBackAfter(guards: ReadonlySet<Promise<void>>): Promise<void> {
    using enough = firstOf([this.signal, AbortSignal.timeout(GUARDS_MS)])
    await orAborted(Promise.all(guards), enough.signal).catch(() => {})
    await this.#keeper.end()
  }
}
