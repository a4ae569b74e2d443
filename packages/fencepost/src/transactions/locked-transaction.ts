import type { Locker } from '../calls/lock-calls.ts'
import { firstOf } from '../ground/abort.ts'
import { checkLockable, ForeignKey, type Lockable } from '../ground/foreign-key.ts'
import { optionsAndWork, parseLockOptions } from '../locks/lock-options.ts'
import { Scope } from '../locks/scope.ts'
import {
  type LockedTransactionOptions,
  parseRetries,
  type RetriedWork,
  retriedTransaction,
} from './retried-transaction.ts'

export type OptionsAndWork<T> = [LockedTransactionOptions | RetriedWork<T>, RetriedWork<T>?]

/** Who grants the locks, and what ends all waits. */
export interface Granting {
  readonly locks: Pick<Locker, 'acquireAll' | 'keyOf'>
  readonly closing: AbortSignal
}

/** Session locks first: a wait inside the transaction would hold a snapshot and a connection, and come too late for its level. */
export async function lockedTransaction<T>(
  { locks, closing }: Granting,
  names: Lockable | readonly Lockable[],
  ...rest: OptionsAndWork<T>
): Promise<T> {
  const [options, work] = optionsAndWork(rest)
  const all = isOne(names) ? [names] : names
  if (!Array.isArray(all) || all.length === 0) throw new TypeError('transaction() needs a name, or an array of some')
  for (const name of all) checkLockable(name)
  if (typeof work !== 'function') throw new TypeError('transaction() needs a function to run, as its last argument')
  const retries = parseRetries(options)
  const { isolation: _, attempts: __, ...waiting } = options
  const asked = parseLockOptions(waiting, ['wait', 'signal', 'onWait'])

  using until = firstOf([closing, asked.signal])
  const scope = new Scope()
  const held = await locks.acquireAll(all, { ...asked, signal: until.signal, scope })
  return await scope.run({ owner: locks, keys: all.map((name) => locks.keyOf(name)), held }, async () => {
    using enough = firstOf([until.signal, held.signal])
    return await retriedTransaction(held, work, { ...retries, signal: enough.signal })
  })
}

function isOne(names: Lockable | readonly Lockable[]): names is Lockable {
  return typeof names === 'string' || names instanceof ForeignKey
}
