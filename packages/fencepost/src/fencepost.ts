import { setMaxListeners } from 'node:events'
import { Events } from './events/events.ts'
import type { LockEvents } from './events/lock-events.ts'
import { Protection, type ProtectOptions, type Violation } from './fencing/protect.ts'
import { firstOf } from './ground/abort.ts'
import { ClosedError } from './ground/errors.ts'
import type { Holder } from './ground/holder.ts'
import { checkName } from './ground/name.ts'
import { WebLocks } from './inspection/web-locks.ts'
import type { Lock } from './locks/lock.ts'
import {
  type LockOptions,
  optionsAndWork,
  type ParsedLockOptions,
  parseLockOptions,
  type Reentrant,
  type TryLockOptions,
  type Work,
} from './locks/lock-options.ts'
import type { LockSet } from './locks/lock-set.ts'
import { Locks } from './locks/locks.ts'
import { Scope } from './locks/scope.ts'
import { Sessions } from './sessions/sessions.ts'
import { type FencepostOptions, parseOptions, type Settings } from './options.ts'
import { migrate, type MigrationReport, schemaEnsurer } from './postgres/migrate.ts'
import { type Origin, resolveTarget, type Target } from './postgres/target.ts'

const TRYING = ['signal', 'shared'] as const
const WAITING = ['wait', ...TRYING, 'onWait'] as const

/**
 * Locks in a PostgreSQL database. Connects at the first use and keeps one connection while it is used, a few more
 * while it waits; an instance that holds nothing does not keep the process alive.
 *
 * @param target a `postgres://` URL, a `pg.Pool` (never closed, no lock is held on it), or a pool config.
 * @throws {TypeError} for a target or an option that cannot be right.
 */
export function fencepost(target: Target | undefined, options: FencepostOptions = {}): Fencepost {
  const settings = parseOptions(options)
  return new Fencepost(resolveTarget(target, settings.freezeMs), settings)
}

export class Fencepost implements AsyncDisposable {
  /** All locks of the database, in the words of the Web Locks API. */
  readonly locks: WebLocks
  readonly #origin: Origin
  readonly #settings: Settings
  readonly #sessions: Sessions
  readonly #locks: Locks
  readonly #protection: Protection
  readonly #events = new Events()
  readonly #closing = new AbortController()
  #closed: Promise<void> | undefined

  /** Use `fencepost()`. */
  constructor(origin: Origin, settings: Settings) {
    const { schema, namespace, freezeMs, application, maxConnections, maxLocks } = settings
    const { config, where } = origin
    const ready = schemaEnsurer(schema, settings.migrate)
    this.#origin = origin
    // Every call that waits listens.
    setMaxListeners(0, this.#closing.signal)
    this.#settings = settings
    this.#sessions = new Sessions({ config, where, schema, application, freezeMs, ready, maxConnections })
    const [sessions, events] = [this.#sessions, this.#events]
    this.#locks = new Locks({ sessions, origin, schema, namespace, freezeMs, maxLocks, events })
    this.#protection = new Protection(origin, settings)
    this.locks = new WebLocks({
      session: async () => (await sessions.main()).session,
      held: () => this.#locks.held(),
    })
  }

  /**
   * Waits for the lock, first come first served among all processes, for as long as `wait` says.
   * With `work`, releases the lock when `work` is done and returns what it returned; watch `lock.signal` in it.
   *
   * @throws {LockTimeoutError} after `wait`, naming the holder and how many wait.
   * @throws {DeadlockError} in a callback, if the wait would never end.
   * @throws the signal's reason once it aborts. In both cases nothing is held and nothing is granted later.
   * @throws {DatabaseUnreachableError | AuthenticationError | StandbyError | UnsafePoolerError | UnsupportedServerError}
   * @throws {OutOfLocksError} if the server has no room for another lock.
   * @throws {SchemaOutdatedError | SchemaTooNewError | MissingPrivilegeError} at the first use.
   */
  lock(name: string, options?: LockOptions): Promise<Lock>
  lock<T>(name: string, work: Work<Lock, T>): Promise<T>
  lock<T>(name: string, options: LockOptions & Reentrant, work: Work<Lock, T>): Promise<T>
  async lock<T>(name: string, ...rest: [(LockOptions | Work<Lock, T>)?, Work<Lock, T>?]): Promise<Lock | T> {
    const [options, work] = optionsAndWork(rest)
    checkName(name)
    const asked = parseLockOptions(options, work === undefined ? WAITING : [...WAITING, 'reentrant'])
    if (work === undefined) return await this.#lock(name, asked)

    const outer = this.#locks.scopeToJoin(name, asked)
    if (outer !== null) return await outer.join(work)
    const scope = new Scope()
    const held = await this.#lock(name, asked, scope)
    return await scope.run({ owner: this.#locks, keys: [this.#locks.keyOf(name)], held }, work)
  }

  #lock(name: string, asked: ParsedLockOptions, scope?: Scope): Promise<Lock> {
    const { waitMs, mode, onWait } = asked
    if (asked.signal !== undefined) return this.#lockUntil(name, asked, scope)
    return this.#locks.acquire(name, { waitMs, mode, onWait, scope, signal: this.#closing.signal })
  }

  async #lockUntil(name: string, asked: ParsedLockOptions, scope: Scope | undefined): Promise<Lock> {
    using until = firstOf([this.#closing.signal, asked.signal])
    return await this.#locks.acquire(name, { ...asked, scope, signal: until.signal })
  }

  /**
   * Takes the lock if it is free at once and nobody waits for it; null means busy and nothing else. With `work`, which then
   * runs only if it was free, releases the lock afterwards. Throws what `lock` throws but for the timeout and the deadlock.
   */
  tryLock(name: string, options?: TryLockOptions): Promise<Lock | null>
  tryLock<T>(name: string, work: Work<Lock, T>): Promise<T | null>
  tryLock<T>(name: string, options: TryLockOptions & Reentrant, work: Work<Lock, T>): Promise<T | null>
  async tryLock<T>(
    name: string,
    ...rest: [(TryLockOptions | Work<Lock, T>)?, Work<Lock, T>?]
  ): Promise<Lock | T | null> {
    const [options, work] = optionsAndWork(rest)
    checkName(name)
    const asked = parseLockOptions(options, work === undefined ? TRYING : [...TRYING, 'reentrant'])
    using until = firstOf([this.#closing.signal, asked.signal])
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
  lockAll(names: readonly string[], options?: LockOptions): Promise<LockSet>
  lockAll<T>(names: readonly string[], work: Work<LockSet, T>): Promise<T>
  lockAll<T>(names: readonly string[], options: LockOptions, work: Work<LockSet, T>): Promise<T>
  async lockAll<T>(
    names: readonly string[],
    ...rest: [(LockOptions | Work<LockSet, T>)?, Work<LockSet, T>?]
  ): Promise<LockSet | T> {
    const [options, work] = optionsAndWork(rest)
    if (!Array.isArray(names) || names.length === 0)
      throw new TypeError('lockAll() needs an array of at least one name')
    for (const name of names) checkName(name)
    const asked = parseLockOptions(options, WAITING)
    using until = firstOf([this.#closing.signal, asked.signal])
    if (work === undefined) return await this.#locks.acquireAll(names, { ...asked, signal: until.signal })

    const scope = new Scope()
    const held = await this.#locks.acquireAll(names, { ...asked, signal: until.signal, scope })
    return await scope.run({ owner: this.#locks, keys: names.map((name) => this.#locks.keyOf(name)), held }, work)
  }

  /** Who holds the name, also if it was locked by another program; empty if it is free. */
  async who(name: string): Promise<Holder[]> {
    checkName(name)
    return (await this.#locks.who(name)).holders
  }

  /**
   * Calls `listener` at each event of this instance, in the middle of what it tells of, until the subscription is disposed
   * of. What it throws becomes an uncaught exception and breaks no lock. The same events of the whole process are published
   * on `node:diagnostics_channel`, as `fencepost:<event>`.
   *
   * @throws {TypeError} for an event that does not exist.
   */
  on<E extends keyof LockEvents>(event: E, listener: (event: LockEvents[E]) => void): Disposable {
    return this.#events.on(event, listener)
  }

  /**
   * Lets a table and its partitions be written only by transactions that have a live token of the row's lock, whatever program they
   * come from: `lock.transaction`, `lock.guard(tx)` before the write, or settings. TRUNCATE is refused. Called again it does nothing,
   * changes the rule, or covers partitions that came since. Waits for whoever writes to the table, for as long as the pool's `lock_timeout`.
   *
   * @param table as in SQL: `'ledger'`, `'shop."Order lines"'`.
   * @param lockName with `{column}` for columns of the row, as in `'account:{account_id}'`; `{{` and `}}` are braces.
   * @throws the driver's error for a table, a column or a right that is missing.
   */
  async protect(table: string, lockName: string, options: ProtectOptions = {}): Promise<void> {
    await this.#ready()
    await this.#protection.protect(table, lockName, options)
  }

  /** Takes the guard off a table and its partitions; false if there was none. */
  async unprotect(table: string): Promise<boolean> {
    await this.#ready()
    return await this.#protection.unprotect(table)
  }

  /** What tables in mode `'report'` were written to without a live token, the latest first, 1000 by default. */
  async violations({ limit = 1000 }: { readonly limit?: number } = {}): Promise<Violation[]> {
    await this.#ready()
    return await this.#protection.violations(limit)
  }

  async #ready(): Promise<void> {
    this.#closing.signal.throwIfAborted()
    await this.#sessions.main()
  }

  /** Brings the schema up to date, whatever `migrate` says. Does nothing where it is. */
  async migrate(): Promise<MigrationReport> {
    this.#closing.signal.throwIfAborted()
    return await migrate(this.#origin, this.#settings.schema)
  }

  /** Ends all waits with a `ClosedError`, releases what is held and closes our connections, never the user's pool. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    this.#closing.abort(new ClosedError())
    await this.#locks.releaseAll()
    await this.#sessions.close()
    await this.#origin.closePool()
  }
}
