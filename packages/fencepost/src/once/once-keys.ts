import type { AnyTransaction } from '../adapters/any-transaction.ts'
import { takeInTransaction } from '../fencing/lock-in-transaction.ts'
import { firstOf } from '../ground/abort.ts'
import { DeadlockError, LockTimeoutError } from '../ground/errors.ts'
import { OnceBusyError } from './once-errors.ts'
import type { Lock } from '../locks/lock.ts'
import type { Locks } from '../locks/locks.ts'
import { Scope } from '../locks/scope.ts'
import type { Schema } from '../postgres/schema.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { Records, type Stored } from './records.ts'

export interface OnceKeysOptions {
  readonly locks: Locks
  readonly sessions: Sessions
  readonly schema: Schema
  readonly namespace: string
  readonly freezeMs: number
  /** What others are told of a runner. */
  readonly application: string
  readonly closing: AbortSignal
}

export interface AskedToHold {
  /** Null: for ever. 0: not at all. */
  readonly waitMs: number | null
  readonly signal: AbortSignal | undefined
}

/** The once-keys of one process: their records, and the locks under which those are written. */
export class OnceKeys {
  readonly records: Records
  readonly #options: OnceKeysOptions
  /** As SQL's fencepost.once_lock(namespace): a key and a lock may be called the same. */
  readonly #lockNamespace: string

  constructor(options: OnceKeysOptions) {
    this.#options = options
    this.records = new Records(options)
    this.#lockNamespace = `${options.namespace}/once`
  }

  /** Aborts when this instance is closed. */
  get closing(): AbortSignal {
    return this.#options.closing
  }

  /** Holds the lock of a key while `work` runs. @throws {OnceBusyError} if it is not free in time. */
  async hold<T>(key: string, asked: AskedToHold, work: (lock: Lock) => Promise<T>): Promise<T> {
    const { locks } = this.#options
    const scope = new Scope()
    const held = await this.#take(key, asked, scope)
    return await scope.run({ owner: locks, keys: [locks.keyOf(key, this.#lockNamespace)], held }, work)
  }

  /** Takes the lock of a key inside a transaction of the caller, to its end, and its token. */
  async enter(tx: AnyTransaction, key: string, waitMs: number | null): Promise<number> {
    const { locks, schema, freezeMs } = this.#options
    const namespace = this.#lockNamespace
    if (Scope.holding(locks, locks.keyOf(key, namespace)) !== null) throw new DeadlockError(key, [])
    try {
      return await takeInTransaction(tx, key, { waitMs, namespace, schema, freezeMs })
    } catch (error) {
      throw error instanceof LockTimeoutError ? new OnceBusyError(key, error) : error
    }
  }

  /** Without a lock: what is being run may have ended since. */
  async look(key: string): Promise<Stored | null> {
    return await this.#options.sessions.ask((session) => this.records.look(session, key))
  }

  async unsettled(after: Stored | null, most: number): Promise<Stored[]> {
    return await this.#options.sessions.ask((session) => this.records.unsettled(session, after, most))
  }

  /** Removes a few records whose time is over. What cannot be removed now is left for the next. */
  async sweep(most: number): Promise<void> {
    const open = this.#options.sessions.openMain
    await open?.session.query('select fencepost.once_sweep($1)', [most], 'once_sweep').catch(() => {})
  }

  async #take(key: string, { waitMs, signal }: AskedToHold, scope: Scope): Promise<Lock> {
    const { locks } = this.#options
    using until = firstOf([this.closing, signal])
    const asked = { mode: 'exclusive', namespace: this.#lockNamespace, signal: until.signal, scope } as const
    if (waitMs === 0) {
      const lock = await locks.tryAcquire(key, asked)
      if (lock === null) throw new OnceBusyError(key)
      return lock
    }
    try {
      return await locks.acquire(key, { ...asked, waitMs })
    } catch (error) {
      throw error instanceof LockTimeoutError ? new OnceBusyError(key, error) : error
    }
  }
}
