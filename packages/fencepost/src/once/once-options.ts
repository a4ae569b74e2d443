import type { Isolation } from '../fencing/guarded-transaction.ts'
import type { Transaction } from '../fencing/pooled-transaction.ts'
import { type AnyTransaction, asQueryable } from '../adapters/any-transaction.ts'
import { type Duration, parseDuration } from '../ground/duration.ts'
import { checkName } from '../ground/name.ts'
import type { OnceState } from './once-record.ts'

/** What the function is told of its run. */
export interface OnceRun {
  readonly key: string
  /** A UUID, the same for all attempts at this key: give it to whoever can do a thing only once by such a key. */
  readonly idempotencyKey: string
  /** 1, unless earlier ones were settled as to be retried, or `onFailed` or `onUncertain` said so. */
  readonly attempt: number
  /** Aborts when the lock of the key is lost, as the outcome cannot be recorded any more, or with the signal of the caller. */
  readonly signal: AbortSignal
}

export type OnceWork<T> = (run: OnceRun) => Promise<T> | T
export type OnceTransactionWork<T, Tx = Transaction> = (tx: Tx, run: OnceRun) => Promise<T> | T

export interface OnceOptions {
  /** How long to wait while somebody else is at the key, before `OnceBusyError`. Default: for as long as it takes; `'0s'` does not wait. */
  readonly wait?: Duration
  /** Gives up the wait, with its own reason; the function gets it too. */
  readonly signal?: AbortSignal
  /** For how long the outcome is kept once it is known, `'1s'` to `'36500d'`; after that the key is as new. Default: for ever. */
  readonly retention?: Duration
  /** What to do if an earlier call threw: `'throw'` (default) an `OnceFailedError`, or run it again with the same idempotency key. */
  readonly onFailed?: 'throw' | 'retry'
  /**
   * What to do if it is not known whether an earlier call did it: `'throw'` (default) an `OnceUncertainError`, or run it again with
   * the same idempotency key, which is right only for what does nothing twice for one of those.
   */
  readonly onUncertain?: 'throw' | 'retry'
}

export interface OnceTransactionOptions extends OnceOptions {
  /** Runs the function in a transaction that commits together with the record. */
  readonly transaction: true
  /** Default `'read committed'`. */
  readonly isolation?: Isolation
}

export interface OnceInTransactionOptions<Tx extends AnyTransaction> extends OnceOptions {
  /**
   * Runs the function in this READ COMMITTED transaction of yours, of any client. The key is yours until it ends, and what is recorded
   * goes with it.
   */
  readonly transaction: Tx
}

export interface AskedOnce {
  /** Null: for ever. */
  readonly waitMs: number | null
  readonly signal: AbortSignal | undefined
  /** Null: for ever. */
  readonly retentionMs: number | null
  /** The states that are run again. */
  readonly retries: readonly OnceState[]
  /** Of a transaction of ours. Null: not in one. */
  readonly isolation: Isolation | null
  /** A transaction of the caller. */
  readonly inside: AnyTransaction | null
}

const KNOWN = ['wait', 'signal', 'retention', 'onFailed', 'onUncertain', 'transaction', 'isolation']
const LEVELS = ['read committed', 'repeatable read', 'serializable']
const SHORTEST_MS = 1000
const LONGEST_MS = 36_500 * 86_400_000

interface AnyOptions extends OnceOptions {
  readonly transaction?: boolean | AnyTransaction
  readonly isolation?: Isolation
}

/** @throws {TypeError} for an option that does not exist or cannot be right. */
export function parseOnceOptions(options: AnyOptions): AskedOnce {
  for (const option of Object.keys(options)) {
    if (!KNOWN.includes(option)) throw new TypeError(`unknown option '${option}'; there are ${KNOWN.join(', ')}`)
  }
  const { wait, signal, transaction = false, isolation } = options
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw new TypeError('signal must be an AbortSignal')
  const inside = typeof transaction === 'boolean' ? null : checkTransaction(transaction)
  if (isolation !== undefined && transaction !== true) throw new TypeError('isolation is for { transaction: true }')
  if (isolation !== undefined && !LEVELS.includes(isolation)) {
    throw new TypeError(`isolation must be one of '${LEVELS.join("', '")}'; got '${isolation}'`)
  }
  const retries: OnceState[] = ['retry']
  if (isRetry(options.onFailed, 'onFailed')) retries.push('failed')
  if (isRetry(options.onUncertain, 'onUncertain')) retries.push('uncertain')
  return {
    waitMs: wait === undefined ? null : parseDuration(wait, 'wait'),
    signal,
    retentionMs: parseRetention(options.retention),
    retries,
    isolation: transaction === true ? (isolation ?? 'read committed') : null,
    inside,
  }
}

/** In ms; null: for ever. */
export function parseRetention(retention: Duration | undefined): number | null {
  if (retention === undefined) return null
  const ms = parseDuration(retention, 'retention', LONGEST_MS)
  if (ms < SHORTEST_MS) throw new TypeError(`retention must be at least '1s'; got '${retention}'`)
  return ms
}

/** @throws {TypeError} for what a lock's name may not be either. */
export function checkKey(key: unknown): asserts key is string {
  try {
    checkName(key)
  } catch (error) {
    throw new TypeError((error as Error).message.replace('a lock name', 'a once-key'), { cause: error })
  }
}

function checkTransaction(transaction: AnyTransaction): AnyTransaction {
  asQueryable(transaction)
  return transaction
}

function isRetry(choice: 'throw' | 'retry' = 'throw', option: string): boolean {
  if (choice !== 'throw' && choice !== 'retry') {
    throw new TypeError(`${option} must be 'throw' or 'retry'; got '${String(choice)}'`)
  }
  return choice === 'retry'
}
