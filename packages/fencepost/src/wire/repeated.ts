import { FencepostError } from '../ground/errors.ts'
import { CommitUncertainError, TransactionLostError } from '../ground/transaction-errors.ts'
import { sqlState } from './sql-state.ts'

/** What guards the transactions: a lock. */
interface Guard<Tx> {
  readonly signal: AbortSignal
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>
}

const TIMES = 3

/**
 * A guarded transaction, again if its connection breaks while the lock is still held: for work that finds what it did itself the
 * time before and leaves it as it is.
 */
export async function repeated<Tx, T>(lock: Guard<Tx>, work: (tx: Tx) => Promise<T>): Promise<T> {
  for (let time = 1; ; time++) {
    try {
      return await lock.transaction(work)
    } catch (error) {
      if (time === TIMES || lock.signal.aborted || !isBroken(error)) throw error
    }
  }
}

function isBroken(error: unknown): boolean {
  if (error instanceof CommitUncertainError || error instanceof TransactionLostError) return true
  // The driver's own errors have no state: the pool handed out a connection that had broken while it was idle.
  return !(error instanceof FencepostError) && !(error instanceof TypeError) && sqlState(error) === undefined
}
