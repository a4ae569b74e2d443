import { setMaxListeners } from 'node:events'
import { LockCalls } from '../calls/lock-calls.ts'
import { Events } from '../events/events.ts'
import type { LockEvents } from '../events/lock-events.ts'
import type { Fencing } from '../fencing/guarded-transaction.ts'
import { ClosedError } from '../ground/errors.ts'
import type { Lockable } from '../ground/foreign-key.ts'
import { checkNamespace } from '../ground/name.ts'
import { lockedTransaction, type OptionsAndWork } from '../transactions/locked-transaction.ts'
import type { TransactionCall } from '../transactions/transaction-calls.ts'
import type { LockProvider } from './lock-provider.ts'
import { ProvidedLocker, type WaitClock } from './provided-locker.ts'
import { unfenced } from './unfenced.ts'

export interface ProvidedLocksOptions {
  /** Names of different namespaces are different locks. Default `'default'`; it may not contain `:`. */
  readonly namespace?: string
}

/** What another room gives besides. */
interface Parts {
  readonly fencing: (events: Events) => Fencing
  readonly clock: WaitClock
}

const ADVICE = 'hand lock.token to whatever is written to, or take the lock in PostgreSQL'

const TIMERS: WaitClock = {
  now: () => performance.now(),
  after(ms) {
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(), ms)
    return { signal: late.signal, [Symbol.dispose]: () => clearTimeout(timer) }
  },
}

/**
 * The locks of fencepost, kept by another provider than PostgreSQL: the same calls, handles, events and errors. What it cannot do is guard
 * your rows: `lock.guard` and `lock.transaction` throw a `NotFencedError`; hand `lock.token` on instead.
 *
 * @throws {TypeError} for a namespace that cannot be right.
 */
export function providedLocks(provider: LockProvider, { namespace = 'default' }: ProvidedLocksOptions = {}) {
  checkNamespace(namespace)
  return new ProvidedLocks(provider, namespace, { fencing: () => unfenced('this provider', ADVICE), clock: TIMERS })
}

export class ProvidedLocks extends LockCalls implements AsyncDisposable {
  /** As `fp.transaction` has it, as far as the provider can: `NotFencedError` if it cannot. */
  readonly transaction: TransactionCall
  readonly #provider: LockProvider
  readonly #locker: ProvidedLocker
  readonly #events: Events
  readonly #closing: AbortController
  #closed: Promise<void> | undefined

  /** Use `providedLocks()`. */
  constructor(provider: LockProvider, namespace: string, { fencing, clock }: Parts) {
    const [events, closing] = [new Events(), new AbortController()]
    // Every call that waits listens.
    setMaxListeners(0, closing.signal)
    const locker = new ProvidedLocker({ provider, namespace, fencing: fencing(events), events, clock })
    super(locker, closing.signal)
    this.transaction = async <T>(names: Lockable | readonly Lockable[], ...rest: OptionsAndWork<T>) =>
      await lockedTransaction({ locks: locker, closing: closing.signal }, names, ...rest)
    this.#provider = provider
    this.#locker = locker
    this.#events = events
    this.#closing = closing
  }

  /** As `fp.on` has it. */
  on<E extends keyof LockEvents>(event: E, listener: (event: LockEvents[E]) => void): Disposable {
    return this.#events.on(event, listener)
  }

  /** Ends all waits with a `ClosedError` and releases what is held. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    this.#closing.abort(new ClosedError())
    await this.#locker.releaseAll()
    await this.#provider.close()
  }
}
