import { setMaxListeners } from 'node:events'
import type { AnyTransaction } from './adapters/any-transaction.ts'
import { Events } from './events/events.ts'
import type { LockEvents } from './events/lock-events.ts'
import type { TransactionLockOptions } from './fencing/lock-in-transaction.ts'
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
import type { LockedTransactionOptions, RetriedWork } from './locks/retried-transaction.ts'
import { Scope } from './locks/scope.ts'
import { Transactions } from './locks/transactions.ts'
import { type AnyWork, Once } from './once/once.ts'
import { OnceKeys } from './once/once-keys.ts'
import type { OnceOptions, OnceTransactionOptions, OnceTransactionWork, OnceWork } from './once/once-options.ts'
import { type Ask, type Reconciliation, Reconciler, type Settlement } from './once/reconcile.ts'
import type { AsStored } from './once/stored-result.ts'
import type { OnceRecord } from './once/once-record.ts'
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
  return new Fencepost(resolveTarget(target), parseOptions(options))
}

export class Fencepost implements AsyncDisposable {
  /** All locks of the database, in the words of the Web Locks API. */
  readonly locks: WebLocks
  readonly #origin: Origin
  readonly #settings: Settings
  readonly #sessions: Sessions
  readonly #locks: Locks
  readonly #transactions: Transactions
  readonly #once: OnceKeys
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
    const [locks, closing] = [this.#locks, this.#closing.signal]
    this.#transactions = new Transactions({ locks, sessions, schema, namespace, freezeMs, closing })
    this.#once = new OnceKeys({ locks, sessions, schema, namespace, application, closing })
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

  /**
   * Runs `work` once per key, over all processes and for as long as the record is kept, or says that it is not known whether it was
   * done. Returns what it returned, as JSON gives it back, also to every later call; a call that comes meanwhile waits. With
   * `transaction: true` its effects in `tx` commit together with the record, and nothing is ever uncertain.
   *
   * @throws what `work` throws, which is recorded as failed; with `transaction: true` nothing is, and the next call runs it.
   * @throws {OnceUncertainError} if an earlier run, or this one, left no outcome: `fp.reconcile` settles it.
   * @throws {OnceFailedError} if an earlier run threw.
   * @throws {OnceBusyError} after `wait`.
   * @throws {OnceResultError} if what it returned could not be stored: it is done all the same.
   * @throws what `lock` and `lock.transaction` throw: `work` was not run then, or is rolled back.
   */
  once<T>(key: string, work: OnceWork<T>): Promise<AsStored<T>>
  once<T>(key: string, options: OnceTransactionOptions, work: OnceTransactionWork<T>): Promise<AsStored<T>>
  once<T>(key: string, options: OnceOptions, work: OnceWork<T>): Promise<AsStored<T>>
  async once(key: string, ...rest: [(object | AnyWork)?, AnyWork?]): Promise<unknown> {
    return await new Once(this.#once).call(key, rest)
  }

  /**
   * Without an argument lists what is uncertain, the oldest first, at most 1000. With a settlement says how one key ended, which also
   * lets a failed one be run again; what is done stays done. With a function asks it for each that is uncertain, under the lock of the key.
   *
   * @throws {OnceBusyError} if the key is being run.
   * @throws {TypeError} for what is no settlement.
   */
  reconcile(): Promise<OnceRecord[]>
  reconcile(ask: Ask): Promise<Reconciliation>
  reconcile(settlement: Settlement): Promise<OnceRecord | null>
  async reconcile(how?: Settlement | Ask): Promise<OnceRecord[] | OnceRecord | Reconciliation | null> {
    const reconciler = new Reconciler(this.#once)
    if (how === undefined) return await reconciler.list()
    return await (typeof how === 'function' ? reconciler.ask(how) : reconciler.settle(how))
  }

  /**
   * Waits for one name or several, then begins a transaction on a connection of the pool, runs `work` in it, commits it,
   * guarded, and releases. So nothing waits with a transaction open, and the snapshot of any isolation level is younger than the locks.
   * Where the server gives the transaction up for another (SQLSTATE 40001, 40P01), `work` is run again, in a new one, under the same locks.
   *
   * @throws the server's error 40001 or 40P01 after `attempts`; what `lockAll` and `Lock.transaction` throw, which is never tried again.
   */
  transaction<T>(names: string | readonly string[], work: RetriedWork<T>): Promise<T>
  transaction<T>(names: string | readonly string[], options: LockedTransactionOptions, work: RetriedWork<T>): Promise<T>
  async transaction<T>(
    names: string | readonly string[],
    ...rest: [LockedTransactionOptions | RetriedWork<T>, RetriedWork<T>?]
  ): Promise<T> {
    return await this.#transactions.run(names, ...rest)
  }

  /**
   * Takes a lock inside a READ COMMITTED transaction of yours, until that ends, as the function `lockInTransaction` does, in the
   * namespace and schema of this instance.
   *
   * @throws {DeadlockError} in a callback that holds the name as a session lock: it would wait for itself.
   */
  async lockInTransaction(tx: AnyTransaction, name: string, options: TransactionLockOptions = {}): Promise<number> {
    return await this.#transactions.lockIn(tx, name, options)
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
