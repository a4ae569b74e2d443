import { firstOf } from '../ground/abort.ts'
import type { HeldLock, LockSnapshot, PendingLock } from '../inspection/lock-snapshot.ts'
import { readLocks } from '../inspection/read-locks.ts'
import type { Lock } from '../locks/lock.ts'
import type { Locks } from '../locks/locks.ts'
import { Scope } from '../locks/scope.ts'
import type { Session } from '../postgres/session.ts'
import { Arrivals } from './arrivals.ts'
import { withOwn } from './own-locks.ts'
import { whileHeld } from './while-held.ts'
import { WebLock } from './web-lock.ts'
import { lockNameOf, webNameOf } from './web-lock-name.ts'
import { type ParsedWebLockOptions, parseRequest, type WebLockOptions } from './web-lock-options.ts'

export interface WebLocksOptions {
  readonly locks: Locks
  /** Rejects with what a caller can act on. */
  readonly session: () => Promise<Session>
  /** Ends all waits. */
  readonly closing: AbortSignal
}

type Granted<T> = (lock: WebLock) => T
type Asked<T> = (lock: WebLock | null) => T

/**
 * The Web Locks API (https://w3c.github.io/web-locks/) over the processes of all machines: `fp.locks` takes the place of
 * `navigator.locks`, and code that was written for it runs unchanged.
 */
export class WebLocks {
  readonly #options: WebLocksOptions
  readonly #arrivals = new Arrivals()

  /** Use `fp.locks`. */
  constructor(options: WebLocksOptions) {
    this.#options = options
  }

  /**
   * Waits for the lock, first come first served among all processes, calls `callback` with it, and lets go when what that returned has
   * settled, which is what comes back. A request inside of a callback for the same name waits for its end, as in browsers.
   *
   * @throws {TypeError | DOMException} as the specification says: NotSupportedError for a name that begins with `-` and for options that
   *   exclude each other, the signal's reason if it aborts before the callback is called, AbortError as soon as the lock is stolen or lost.
   * @throws what `fp.lock` throws, but for the timeout and the deadlock; with `steal` what `fp.evict` throws.
   */
  request<T>(name: string, callback: Granted<T>): Promise<Awaited<T>>
  request<T>(name: string, options: WebLockOptions & { ifAvailable?: false }, callback: Granted<T>): Promise<Awaited<T>>
  request<T>(name: string, options: WebLockOptions, callback: Asked<T>): Promise<Awaited<T>>
  async request<T>(name: string, second: WebLockOptions | Granted<T>, ...rest: [Granted<T>?]): Promise<Awaited<T>> {
    const asked = parseRequest<Asked<T>>(name, [second, ...rest])
    asked.options.signal?.throwIfAborted()
    // A callback does not know whether what is asked for in it is waited for there: no call is taken to wait for itself.
    const lock = await Scope.outside(() => this.#take(lockNameOf(asked.name), asked.options))
    if (lock === null) return await asked.callback(null)
    return await whileHeld(lock, () => {
      asked.options.signal?.throwIfAborted()
      return asked.callback(new WebLock(asked.name, lock))
    })
  }

  /** Null: not available. */
  async #take(name: string, { mode, ifAvailable, steal, signal }: ParsedWebLockOptions): Promise<Lock | null> {
    const { locks, closing } = this.#options
    closing.throwIfAborted()
    using arrival = this.#arrivals.begin()
    if (steal) return await locks.steal(name, closing)
    if (ifAvailable) return await locks.tryAcquire(name, { mode, signal: closing })
    using until = firstOf([closing, signal])
    const onTicket = () => arrival.end()
    return await locks.acquire(name, { waitMs: null, mode, signal: until.signal, onTicket })
  }

  /**
   * All locks of the database that are held or waited for, of every process and namespace, and those of other programs; of this instance
   * all that was asked for before. It is past when it arrives: good for people and dashboards, not for deciding whether a lock may be taken.
   */
  async query(): Promise<LockSnapshot> {
    const session = await this.#options.session()
    await this.#arrivals.all()
    const { held, pending } = withOwn(await readLocks(session), this.#options.locks.held())
    return { held: held.map(named), pending: pending.map(named) }
  }
}

function named<L extends HeldLock | PendingLock>(lock: L): L {
  return lock.namespace === null ? lock : { ...lock, name: webNameOf(lock.name) }
}
