import type { AnyTransaction } from '../adapters/any-transaction.ts'
import type { TransactionLockOptions } from '../fencing/lock-in-transaction.ts'
import type { Lockable } from '../ground/foreign-key.ts'
import type { LockedTransactionOptions, RetriedWork } from './retried-transaction.ts'
import type { OptionsAndWork } from './locked-transaction.ts'
import { Transactions, type TransactionsOptions } from './transactions.ts'

/**
 * Waits for one name or several, then begins a transaction on a connection of the pool, runs `work` in it, commits it,
 * guarded, and releases. So nothing waits with a transaction open, and the snapshot of any isolation level is younger than the locks.
 * Where the server gives the transaction up for another (SQLSTATE 40001, 40P01), `work` is run again, in a new one, under the same locks.
 *
 * @throws the server's error 40001 or 40P01 after `attempts`; what `lockAll` and `Lock.transaction` throw, which is never tried again.
 */
export interface TransactionCall {
  <T>(names: Lockable | readonly Lockable[], work: RetriedWork<T>): Promise<T>
  <T>(names: Lockable | readonly Lockable[], options: LockedTransactionOptions, work: RetriedWork<T>): Promise<T>
}

/**
 * Takes a lock inside a READ COMMITTED transaction of yours, until that ends, as the function `lockInTransaction` does, in the
 * namespace and schema of this instance.
 *
 * @throws {DeadlockError} in a callback that holds the name as a session lock: it would wait for itself.
 */
export type LockInTransactionCall = (
  tx: AnyTransaction,
  name: string,
  options?: TransactionLockOptions,
) => Promise<number>

export interface TransactionCalls {
  readonly transaction: TransactionCall
  readonly lockInTransaction: LockInTransactionCall
}

/** `fp.transaction` and `fp.lockInTransaction`. */
export function transactionCalls(options: TransactionsOptions): TransactionCalls {
  const transactions = new Transactions(options)
  return {
    transaction: async <T>(names: Lockable | readonly Lockable[], ...rest: OptionsAndWork<T>) =>
      await transactions.run(names, ...rest),
    lockInTransaction: async (tx, name, asked = {}) => await transactions.lockIn(tx, name, asked),
  }
}
