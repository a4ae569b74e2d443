import type { AnyTransaction } from '../adapters/any-transaction.ts'
import { NotBootedError } from '../adapters/transaction-errors.ts'
import { takeInTransaction, type TransactionLockOptions } from '../fencing/lock-in-transaction.ts'
import { DeadlockError } from '../ground/errors.ts'
import type { Lockable } from '../ground/foreign-key.ts'
import { checkName } from '../ground/name.ts'
import type { Schema } from '../postgres/schema.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { parseLockOptions } from '../locks/lock-options.ts'
import type { Locks } from '../locks/locks.ts'
import { lockedTransaction, type OptionsAndWork } from './locked-transaction.ts'

export interface TransactionsOptions {
  readonly locks: Locks
  readonly sessions: Sessions
  readonly schema: Schema
  readonly namespace: string
  readonly freezeMs: number
  readonly closing: AbortSignal
}

/** Transactions that lock: those that take session locks before they begin, and those of others that take a lock inside. */
export class Transactions {
  readonly #options: TransactionsOptions

  constructor(options: TransactionsOptions) {
    this.#options = options
  }

  async run<T>(names: Lockable | readonly Lockable[], ...rest: OptionsAndWork<T>): Promise<T> {
    const { locks, closing } = this.#options
    return await lockedTransaction({ locks, closing }, names, ...rest)
  }

  async lockIn(tx: AnyTransaction, name: string, options: TransactionLockOptions): Promise<number> {
    const { locks, sessions, closing, ...place } = this.#options
    checkName(name)
    const { waitMs } = parseLockOptions(options, ['wait'])
    closing.throwIfAborted()
    if (locks.isHeldHere(name)) throw new DeadlockError(name, [])
    // Whoever opens a session brings the schema up to date and raises the epoch.
    if (!sessions.wasOpen) await sessions.main()
    return await takeInTransaction(tx, name, { ...place, waitMs }).catch(async (error: unknown) => {
      // After a crash: this transaction is lost, the next one finds it raised.
      if (error instanceof NotBootedError) await sessions.main()
      throw error
    })
  }
}
