import type { AnyTransaction } from '../adapters/any-transaction.ts'
import { type AnyWork, Once } from './once.ts'
import { OnceKeys, type OnceKeysOptions } from './once-keys.ts'
import type {
  OnceInTransactionOptions,
  OnceOptions,
  OnceTransactionOptions,
  OnceTransactionWork,
  OnceWork,
} from './once-options.ts'
import type { OnceRecord } from './once-record.ts'
import { type Ask, type Reconciliation, Reconciler, type Settlement } from './reconcile.ts'
import type { AsStored } from '../results/stored-result.ts'

/**
 * Runs `work` once per key, over all processes and for as long as the record is kept, or says that it is not known whether it was
 * done. Returns what it returned, as JSON gives it back, also to every later call; a call that comes meanwhile waits. With
 * `transaction: true`, or a transaction of yours, its effects in `tx` commit together with the record, and nothing is ever uncertain.
 *
 * @throws what `work` throws, which is recorded as failed; in a transaction that is rolled back nothing is, and the next call runs it.
 * @throws {OnceUncertainError} if an earlier run, or this one, left no outcome: `fp.reconcile` settles it.
 * @throws {OnceFailedError} if an earlier run threw.
 * @throws {OnceBusyError} after `wait`.
 * @throws {OnceResultError} if what it returned could not be stored: it is done all the same.
 * @throws what `lock` and `lock.transaction` throw: `work` was not run then, or is rolled back.
 */
export interface OnceCall {
  <T>(key: string, work: OnceWork<T>): Promise<AsStored<T>>
  <T>(key: string, options: OnceTransactionOptions, work: OnceTransactionWork<T>): Promise<AsStored<T>>
  <T, Tx extends AnyTransaction>(
    key: string,
    options: OnceInTransactionOptions<Tx>,
    work: OnceTransactionWork<T, Tx>,
  ): Promise<AsStored<T>>
  <T>(key: string, options: OnceOptions, work: OnceWork<T>): Promise<AsStored<T>>
}

/**
 * Without an argument lists what is uncertain, the oldest first, at most 1000. With a settlement says how one key ended, which also
 * lets a failed one be run again; what is done stays done. With a function asks it for each that is uncertain, under the lock of the key.
 *
 * @throws {OnceBusyError} if the key is being run.
 * @throws {TypeError} for what is no settlement.
 */
export interface ReconcileCall {
  (): Promise<OnceRecord[]>
  // Before the settlement: of the first form that might fit a function learns what it may return.
  (ask: Ask): Promise<Reconciliation>
  (settlement: Settlement): Promise<OnceRecord | null>
}

/** `fp.once` and `fp.reconcile`. */
export function onceCalls(options: OnceKeysOptions): { once: OnceCall; reconcile: ReconcileCall } {
  const keys = new OnceKeys(options)
  const runner = new Once(keys)
  const reconciler = new Reconciler(keys)
  const once = async (key: string, ...rest: [(object | AnyWork)?, AnyWork?]) => await runner.call(key, rest)
  const reconcile = async (how?: Settlement | Ask) => {
    if (how === undefined) return await reconciler.list()
    return await (typeof how === 'function' ? reconciler.ask(how) : reconciler.settle(how))
  }
  return { once: once as OnceCall, reconcile: reconcile as ReconcileCall }
}
