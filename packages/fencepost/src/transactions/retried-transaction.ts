import { pause } from '../ground/abort.ts'
import { FencepostError } from '../ground/errors.ts'
import { checkIsolation, type Isolation } from '../fencing/guarded-transaction.ts'
import type { Transaction } from '../fencing/pooled-transaction.ts'
import { serverErrorOf } from '../wire/sql-state.ts'
import type { LockOptions } from '../locks/lock-options.ts'
import type { LockSet } from '../locks/lock-set.ts'

/** For `fp.transaction`; `wait`, `signal` and `onWait` are about the locks, `signal` also about another attempt. */
export interface LockedTransactionOptions extends Pick<LockOptions, 'wait' | 'signal' | 'onWait'> {
  /** Default `'read committed'`. Any level sees what earlier holders committed: the locks are older than the snapshot. */
  readonly isolation?: Isolation
  /** How often to try in all, 1 to 100, if the server gives up a transaction for another (SQLSTATE 40001, 40P01). Default 5. */
  readonly attempts?: number
}

/** What the work of `fp.transaction` is told besides its transaction. */
export interface Attempt {
  /** 1, then 2 after the first was given up. */
  readonly attempt: number
  /** Held over all attempts, with their tokens. */
  readonly locks: LockSet
  /** Aborts when one of them is lost: the transaction can no longer commit. */
  readonly signal: AbortSignal
}

/** Called again for each attempt: what it does outside of the transaction is done again. */
export type RetriedWork<T> = (tx: Transaction, attempt: Attempt) => Promise<T> | T

/** How it is done, parsed. */
export interface Retries {
  readonly isolation: Isolation
  readonly attempts: number
}

interface Until {
  /** No other attempt is made once it aborts. */
  readonly signal: AbortSignal
}

const MOST_ATTEMPTS = 100
const FIRST_PAUSE_MS = 20
const LONGEST_PAUSE_MS = 1000

/** @throws {TypeError} for options that cannot be right. */
export function parseRetries({ isolation = 'read committed', attempts = 5 }: LockedTransactionOptions): Retries {
  if (!Number.isInteger(attempts) || attempts < 1 || attempts > MOST_ATTEMPTS) {
    throw new TypeError(`attempts must be a whole number from 1 to ${MOST_ATTEMPTS}; got ${String(attempts)}`)
  }
  return { isolation: checkIsolation(isolation), attempts }
}

/** Runs `work` in a guarded transaction, again and again while the server gives it up for another and nothing was committed. */
export async function retriedTransaction<T>(held: LockSet, work: RetriedWork<T>, retries: Retries & Until): Promise<T> {
  const { isolation, attempts, signal } = retries
  for (let attempt = 1; ; attempt++) {
    const told = { attempt, locks: held, signal: held.signal }
    try {
      return await held.transaction(async (tx) => await work(tx, told), { isolation })
    } catch (error) {
      if (attempt >= attempts || !isGivenUp(error)) throw error
    }
    // All of it random: those who met once must not meet again.
    await pause(Math.random() * Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS), signal)
  }
}

/** serialization_failure or deadlock_detected, however it is wrapped by what the work uses; never anything that may have committed. */
function isGivenUp(error: unknown): boolean {
  return !(error instanceof FencepostError) && /^(40001|40P01)$/.test(serverErrorOf(error)?.code ?? '')
}
