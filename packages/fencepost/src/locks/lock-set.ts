import type { Fencing } from '../fencing/guarded-transaction.ts'
import type { Transaction } from '../fencing/pooled-transaction.ts'
import type { Lockable } from '../ground/foreign-key.ts'
import type { Mode } from '../ground/mode.ts'
import type { AnyTransaction } from '../adapters/any-transaction.ts'
import { Lock, type TransactionOptions } from './lock.ts'
import type { AskedToWait } from './lock-options.ts'

/** Who is asked for one lock after the other. */
interface Locker {
  keyOf(lockable: Lockable): bigint
  acquire(lockable: Lockable, asked: AskedToWait): Promise<Lock>
}

interface Several {
  readonly lockables: readonly Lockable[]
  /** What the wait is counted by, in ms. */
  readonly now?: () => number
}

/** Several locks that were taken together and are let go of together. */
export class LockSet implements AsyncDisposable {
  /** In the order they were taken in, that of their keys. */
  readonly locks: readonly Lock[]
  readonly #fencing: Fencing
  #lost: AbortController | undefined
  #release: Promise<void> | undefined

  constructor(locks: readonly Lock[], fencing: Fencing) {
    this.locks = locks
    this.#fencing = fencing
  }

  /** All or none, in the order of their keys: whoever else takes several in that order waits for nobody who waits for them. */
  static async acquire(
    locker: Locker,
    fencing: Fencing,
    { lockables, now = () => performance.now(), ...asked }: AskedToWait & Several,
  ): Promise<LockSet> {
    const startedAt = now()
    const byKey = new Map(lockables.map((lockable) => [locker.keyOf(lockable), lockable]))
    const locks: Lock[] = []
    try {
      for (const [, lockable] of [...byKey].toSorted(([one], [other]) => (one < other ? -1 : 1))) {
        const { waitMs } = asked
        const leftMs = waitMs === null ? null : Math.max(0, waitMs - (now() - startedAt))
        locks.push(await locker.acquire(lockable, { ...asked, waitMs: leftMs, since: startedAt }))
      }
      return new LockSet(locks, fencing)
    } catch (error) {
      await Promise.all(locks.map((lock) => lock.release()))
      throw error
    }
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
    return Lock.pgOptionsOf(this.locks, this.#fencing)
  }

  /** Guards a transaction of any client with all of them, as `Lock.guard` does with one. */
  async guard(tx: AnyTransaction): Promise<void> {
    for (const lock of this.locks) await lock.guard(tx)
  }

  /** A transaction that commits only while all of them are held, as `Lock.transaction` does for one. */
  async transaction<T>(work: (tx: Transaction) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    return await Lock.transactionOf(this, this.#fencing, { work, options })
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
