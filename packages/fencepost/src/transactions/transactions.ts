import type { AnyTransaction } from '../adapters/any-transaction.ts'
import { NotBootedError } from '../adapters/transaction-errors.ts'
import { takeInTransaction, type TransactionLockOptions } from '../fencing/lock-in-transaction.ts'
import { firstOf } from '../ground/abort.ts'
import { DeadlockError } from '../ground/errors.ts'
import { checkLockable, ForeignKey, type Lockable } from '../ground/foreign-key.ts'
import { checkName } from '../ground/name.ts'
import type { Schema } from '../postgres/schema.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { optionsAndWork, parseLockOptions } from '../locks/lock-options.ts'
import type { Locks } from '../locks/locks.ts'
import {
  type LockedTransactionOptions,
  parseRetries,
  type RetriedWork,
  retriedTransaction,
} from './retried-transaction.ts'
import { Scope } from '../locks/scope.ts'

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

  /** Session locks first: a wait inside the transaction would hold a snapshot and a connection, and come too late for its level. */
  async run<T>(
    names: Lockable | readonly Lockable[],
    ...rest: [LockedTransactionOptions | RetriedWork<T>, RetriedWork<T>?]
  ): Promise<T> {
    const [options, work] = optionsAndWork(rest)
    const all = isOne(names) ? [names] : names
    if (!Array.isArray(all) || all.length === 0) throw new TypeError('transaction() needs a name, or an array of some')
    for (const name of all) checkLockable(name)
    if (typeof work !== 'function') throw new TypeError('transaction() needs a function to run, as its last argument')
    const retries = parseRetries(options)
    const { isolation: _, attempts: __, ...waiting } = options
    const asked = parseLockOptions(waiting, ['wait', 'signal', 'onWait'])

    const { locks, closing } = this.#options
    using until = firstOf([closing, asked.signal])
    const scope = new Scope()
    const held = await locks.acquireAll(all, { ...asked, signal: until.signal, scope })
    return await scope.run({ owner: locks, keys: all.map((name) => locks.keyOf(name)), held }, async () => {
      using enough = firstOf([until.signal, held.signal])
      return await retriedTransaction(held, work, { ...retries, signal: enough.signal })
    })
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

function isOne(names: Lockable | readonly Lockable[]): names is Lockable {
  return typeof names === 'string' || names instanceof ForeignKey
}
