import { firstOf } from '../ground/abort.ts'
import { checkLockable, type Lockable } from '../ground/foreign-key.ts'
import type { Holder } from '../ground/holder.ts'
import type { Lock } from '../locks/lock.ts'
import {
  type LockOptions,
  optionsAndWork,
  type ParsedLockOptions,
  parseLockOptions,
  type Reentrant,
  type TryLockOptions,
  type Work,
} from '../locks/lock-options.ts'
import type { LockSet } from '../locks/lock-set.ts'
import type { Locks } from '../locks/locks.ts'
import { Scope } from '../locks/scope.ts'

const TRYING = ['signal', 'shared'] as const
const WAITING = ['wait', ...TRYING, 'onWait'] as const

/** Who grants what is asked for here. */
export type Locker = Pick<Locks, 'acquire' | 'tryAcquire' | 'acquireAll' | 'scopeToJoin' | 'keyOf' | 'who'>

/** How locks are asked for: by handle or with a callback, waiting or not, one or several. */
export abstract class LockCalls {
  readonly #locks: Locker
  readonly #closing: AbortSignal

  constructor(locks: Locker, closing: AbortSignal) {
    this.#locks = locks
    this.#closing = closing
  }

  /**
   * Waits for the lock, first come first served among all processes, for as long as `wait` says. In the place of a name, here and below,
   * `key` gives what another program locks.
   * With `work`, releases the lock when `work` is done and returns what it returned; watch `lock.signal` in it.
   *
   * @throws {LockTimeoutError} after `wait`, naming the holder and how many wait.
   * @throws {DeadlockError} in a callback, if the wait would never end.
   * @throws the signal's reason once it aborts. In both cases nothing is held and nothing is granted later.
   * @throws {DatabaseUnreachableError | AuthenticationError | StandbyError | UnsafePoolerError | UnsupportedServerError}
   * @throws {OutOfLocksError} if the server has no room for another lock.
   * @throws {SchemaOutdatedError | SchemaTooNewError | MissingPrivilegeError} at the first use.
   */
  lock(name: Lockable, options?: LockOptions): Promise<Lock>
  lock<T>(name: Lockable, work: Work<Lock, T>): Promise<T>
  lock<T>(name: Lockable, options: LockOptions & Reentrant, work: Work<Lock, T>): Promise<T>
  async lock<T>(name: Lockable, ...rest: [(LockOptions | Work<Lock, T>)?, Work<Lock, T>?]): Promise<Lock | T> {
    const [options, work] = optionsAndWork(rest)
    checkLockable(name)
    const asked = parseLockOptions(options, work === undefined ? WAITING : [...WAITING, 'reentrant'])
    if (work === undefined) return await this.#lock(name, asked)

    const outer = this.#locks.scopeToJoin(name, asked)
    if (outer !== null) return await outer.join(work)
    const scope = new Scope()
    const held = await this.#lock(name, asked, scope)
    return await scope.run({ owner: this.#locks, keys: [this.#locks.keyOf(name)], held }, work)
  }

  #lock(name: Lockable, asked: ParsedLockOptions, scope?: Scope): Promise<Lock> {
    const { waitMs, mode, onWait } = asked
    if (asked.signal !== undefined) return this.#lockUntil(name, asked, scope)
    return this.#locks.acquire(name, { waitMs, mode, onWait, scope, signal: this.#closing })
  }

  async #lockUntil(name: Lockable, asked: ParsedLockOptions, scope: Scope | undefined): Promise<Lock> {
    using until = firstOf([this.#closing, asked.signal])
    return await this.#locks.acquire(name, { ...asked, scope, signal: until.signal })
  }

  /**
   * Takes the lock if it is free at once and nobody waits for it; null means busy and nothing else. With `work`, which then
   * runs only if it was free, releases the lock afterwards. Throws what `lock` throws but for the timeout and the deadlock.
   */
  tryLock(name: Lockable, options?: TryLockOptions): Promise<Lock | null>
  tryLock<T>(name: Lockable, work: Work<Lock, T>): Promise<T | null>
  tryLock<T>(name: Lockable, options: TryLockOptions & Reentrant, work: Work<Lock, T>): Promise<T | null>
  async tryLock<T>(
    name: Lockable,
    ...rest: [(TryLockOptions | Work<Lock, T>)?, Work<Lock, T>?]
  ): Promise<Lock | T | null> {
    const [options, work] = optionsAndWork(rest)
    checkLockable(name)
    const asked = parseLockOptions(options, work === undefined ? TRYING : [...TRYING, 'reentrant'])
    using until = firstOf([this.#closing, asked.signal])
    const { signal } = until
    if (work === undefined) return await this.#locks.tryAcquire(name, { ...asked, signal })

    const outer = this.#locks.scopeToJoin(name, asked)
    if (outer !== null) return await outer.join(work)
    const scope = new Scope()
    const held = await this.#locks.tryAcquire(name, { ...asked, signal, scope })
    return held && (await scope.run({ owner: this.#locks, keys: [this.#locks.keyOf(name)], held }, work))
  }

  /**
   * Waits for several locks, for `wait` altogether, and takes all or none: one after the other in the order of their keys, so
   * that two calls never wait for each other. A name that is given twice counts once. Throws what `lock` throws.
   */
  lockAll(names: readonly Lockable[], options?: LockOptions): Promise<LockSet>
  lockAll<T>(names: readonly Lockable[], work: Work<LockSet, T>): Promise<T>
  lockAll<T>(names: readonly Lockable[], options: LockOptions, work: Work<LockSet, T>): Promise<T>
  async lockAll<T>(
    names: readonly Lockable[],
    ...rest: [(LockOptions | Work<LockSet, T>)?, Work<LockSet, T>?]
  ): Promise<LockSet | T> {
    const [options, work] = optionsAndWork(rest)
    if (!Array.isArray(names) || names.length === 0)
      throw new TypeError('lockAll() needs an array of at least one name')
    for (const name of names) checkLockable(name)
    const asked = parseLockOptions(options, WAITING)
    using until = firstOf([this.#closing, asked.signal])
    if (work === undefined) return await this.#locks.acquireAll(names, { ...asked, signal: until.signal })

    const scope = new Scope()
    const held = await this.#locks.acquireAll(names, { ...asked, signal: until.signal, scope })
    return await scope.run({ owner: this.#locks, keys: names.map((name) => this.#locks.keyOf(name)), held }, work)
  }

  /** Who holds the name, also if it was locked by another program; empty if it is free. */
  async who(name: Lockable): Promise<Holder[]> {
    checkLockable(name)
    return (await this.#locks.who(name)).holders
  }
}
