import type { Locker } from '../calls/lock-calls.ts'
import type { Events } from '../events/events.ts'
import type { Fencing } from '../fencing/guarded-transaction.ts'
import { firstOf } from '../ground/abort.ts'
import { asError } from '../ground/as-error.ts'
import { Bag } from '../ground/bag.ts'
import { DeadlockError, LockLostError, LockTimeoutError } from '../ground/errors.ts'
import { type Lockable, nameOf } from '../ground/foreign-key.ts'
import { keyOf } from '../ground/key.ts'
import type { Mode } from '../ground/mode.ts'
import type { HoldersAndWaiting } from '../inspection/read-holders.ts'
import { Lock } from '../locks/lock.ts'
import type { Asked, AskedToWait } from '../locks/lock-options.ts'
import { LockSet } from '../locks/lock-set.ts'
import { Scope } from '../locks/scope.ts'
import type { Grant, LockProvider, Wanted } from './lock-provider.ts'

/** What waits are counted by. */
export interface WaitClock {
  /** In ms, from any moment on. */
  now(): number
  /** A signal that aborts after so long, until it is disposed of. */
  after(ms: number): { readonly signal: AbortSignal } & Disposable
}

export interface ProvidedLockerOptions {
  readonly provider: LockProvider
  readonly namespace: string
  readonly fencing: Fencing
  readonly events: Events
  readonly clock: WaitClock
}

/** Hands out what a provider grants, as `Locks` does for PostgreSQL. */
export class ProvidedLocker implements Locker {
  readonly #options: ProvidedLockerOptions
  readonly #held = new Bag<Lock>()

  constructor(options: ProvidedLockerOptions) {
    this.#options = options
  }

  async tryAcquire(lockable: Lockable, asked: Asked): Promise<Lock | null> {
    const startedAt = this.#options.clock.now()
    asked.signal.throwIfAborted()
    const wanted = this.#wanted(lockable, asked)
    const grant = await this.#options.provider.tryAcquire(wanted, asked.signal)
    return grant && this.#hand(wanted, grant, startedAt)
  }

  async acquire(lockable: Lockable, asked: AskedToWait): Promise<Lock> {
    const { clock } = this.#options
    const startedAt = clock.now()
    asked.signal.throwIfAborted()
    const wanted = this.#wanted(lockable, asked)
    if (Scope.holding(this, this.keyOf(lockable)) !== null) throw new DeadlockError(wanted.name, [])
    if (asked.waitMs === null) return this.#hand(wanted, await this.#wait(wanted, asked, asked.signal), startedAt)
    using late = clock.after(asked.waitMs)
    using until = firstOf([asked.signal, late.signal])
    try {
      return this.#hand(wanted, await this.#wait(wanted, asked, until.signal), startedAt)
    } catch (error) {
      if (!late.signal.aborted || error !== late.signal.reason) throw error
      const { holders, waiting } = await this.#inspect(wanted)
      const waitedMs = clock.now() - (asked.since ?? startedAt)
      throw new LockTimeoutError(wanted.name, waitedMs, { holder: holders[0] ?? null, waiting })
    }
  }

  async acquireAll(lockables: readonly Lockable[], asked: AskedToWait): Promise<LockSet> {
    const { fencing, clock } = this.#options
    return await LockSet.acquire(this, fencing, { ...asked, lockables, now: () => clock.now() })
  }

  scopeToJoin(lockable: Lockable, { mode, isReentrant }: { mode: Mode; isReentrant: boolean }): Scope | null {
    return isReentrant ? Scope.toJoin(this, this.keyOf(lockable), { name: nameOf(lockable), mode }) : null
  }

  keyOf(lockable: Lockable): bigint {
    return keyOf(nameOf(lockable), this.#options.namespace)
  }

  async who(lockable: Lockable): Promise<HoldersAndWaiting> {
    return await this.#inspect(this.#wanted(lockable, { mode: 'exclusive' }))
  }

  async releaseAll(): Promise<void> {
    await Promise.all([...this.#held].map((lock) => lock.release()))
  }

  #wanted(lockable: Lockable, { mode, scope = Scope.here() }: Pick<Asked, 'mode' | 'scope'>): Wanted {
    const { namespace } = this.#options
    return { name: nameOf(lockable), namespace, mode, scopes: Scope.idsHere(), scope: scope?.id ?? null }
  }

  async #wait(wanted: Wanted, { onWait }: AskedToWait, signal: AbortSignal): Promise<Grant> {
    let isWaiting = true
    const onWaiting = () => {
      const { name, namespace, mode } = wanted
      this.#options.events.waiting({ name, namespace, mode })
      if (onWait === undefined) return
      void this.#inspect(wanted).then(({ holders, waiting }) => {
        // Itself is not counted.
        if (isWaiting) onWait(holders[0] ?? null, Math.max(0, waiting - 1))
      })
    }
    try {
      return await this.#options.provider.acquire(wanted, { signal, onWaiting })
    } finally {
      isWaiting = false
    }
  }

  async #inspect({ name, namespace }: Wanted): Promise<HoldersAndWaiting> {
    const { holders, waiting } = await this.#options.provider.inspect({ name, namespace })
    return { holders: [...holders], waiting }
  }

  #hand({ name, namespace, mode }: Wanted, grant: Grant, startedAt: number): Lock {
    const { events, fencing, clock } = this.#options
    const grantedAt = clock.now()
    const held = { name, namespace, mode, token: grant.token }
    let isOver = false
    const lose = () => {
      const lost = new LockLostError(name, asError(grant.lost.reason))
      isOver = true
      this.#held.remove(seat)
      lock.lose(lost)
      events.lost(held, clock.now() - grantedAt, lost)
    }
    const end = async () => {
      await grant.release()
      grant.lost.removeEventListener('abort', lose)
      this.#held.remove(seat)
      if (!isOver) events.released(held, clock.now() - grantedAt)
      isOver = true
    }
    const lock = new Lock(held, fencing, { end, session: grant.session })
    const seat = this.#held.add(lock)
    events.acquired(held, grantedAt - startedAt)
    if (grant.lost.aborted) lose()
    else grant.lost.addEventListener('abort', lose, { once: true })
    return lock
  }
}
