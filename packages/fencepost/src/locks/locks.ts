import type { Events } from '../events/events.ts'
import { firstOf, orAborted } from '../ground/abort.ts'
import { DeadlockError, LockLostError, LockTimeoutError } from '../ground/errors.ts'
import { foreignOf, type Lockable, nameOf } from '../ground/foreign-key.ts'
import { keysOf } from '../ground/key.ts'
import type { Mode } from '../ground/mode.ts'
import { type Fencing, fencingOf } from '../fencing/guarded-transaction.ts'
import { type HoldersAndWaiting, readHolders } from '../inspection/read-holders.ts'
import type { Held } from '../inspection/held.ts'
import type { Granted, Way } from '../line/granted.ts'
import type { Place } from '../line/place.ts'
import { tryOnce } from '../line/try-once.ts'
import { watch } from '../line/watch.ts'
import type { Schema } from '../postgres/schema.ts'
import type { Origin } from '../postgres/target.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Wish } from '../sessions/wish.ts'
import { Budget } from './budget.ts'
import { Grants } from './grants.ts'
import { Holding } from './holding.ts'
import { InHand } from './in-hand.ts'
import { Lock } from './lock.ts'
import type { Asked, AskedToWait } from './lock-options.ts'
import { LockSet } from './lock-set.ts'
import { Scope } from './scope.ts'

export interface LocksOptions {
  readonly sessions: Sessions
  readonly origin: Origin
  readonly schema: Schema
  readonly namespace: string
  readonly freezeMs: number
  readonly maxLocks: number
  readonly events: Events
}

const AT_HAND_MS = 1000
/** Longer than from one beat to the next, shorter than any freeze that loses a lock. */
const HEARD_MS = 950
const NOBODY: HoldersAndWaiting = { holders: [], waiting: 0 }
const LOCK: Way = {
  tryOnce,
  watch,
  look: (session, { name, keys, namespace }, ticket) =>
    readHolders(session, { lock: keys.foreign ?? name, namespace, ticket }),
}

/** The locks of one process: asks for them, hands them out and knows what is held. */
export class Locks {
  readonly #options: LocksOptions
  readonly #grants: Grants
  readonly #inHand = new InHand()
  readonly #fencing: Fencing

  constructor(options: LocksOptions) {
    this.#options = options
    this.#fencing = fencingOf(options.origin)
    options.sessions.onEviction((eviction) => this.#inHand.evict(eviction))
    this.#grants = new Grants(options.sessions, new Budget(options.maxLocks, options.origin.where))
  }

  /** Null means busy. */
  async tryAcquire(lockable: Lockable, asked: Asked): Promise<Lock | null> {
    const startedAt = performance.now()
    const wish = this.#wish(lockable, asked)
    const granted = await this.#grants.try(wish, asked.other?.way ?? LOCK, asked.signal)
    return granted === null ? null : this.#hand(granted, startedAt)
  }

  /** Rejects with a `LockTimeoutError`, a `DeadlockError` or the signal's reason; nothing is held then, nor granted later. */
  async acquire(lockable: Lockable, asked: AskedToWait): Promise<Lock> {
    const startedAt = performance.now()
    const wish = this.#wish(lockable, asked)
    if (Scope.holding(this, wish.keys.key) !== null) throw new DeadlockError(wish.name, [])
    if (asked.waitMs !== null) return await this.#acquireWithin(wish, asked.waitMs, asked)
    const onTicket = (place: Place) => this.#tellWaiting(place, asked)
    const way = asked.other?.way ?? LOCK
    return this.#hand(await this.#grants.wait({ wish, way, onTicket }, asked.signal), startedAt)
  }

  async #acquireWithin(wish: Wish, waitMs: number, asked: AskedToWait): Promise<Lock> {
    const startedAt = performance.now()
    const { since = startedAt } = asked
    let stood: Place | undefined
    const onTicket = (place: Place) => this.#tellWaiting((stood = place), asked)
    const way = asked.other?.way ?? LOCK
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(), waitMs)
    using until = firstOf([asked.signal, late.signal])
    try {
      return this.#hand(await this.#grants.wait({ wish, way, onTicket }, until.signal), startedAt)
    } catch (error) {
      if (error !== late.signal.reason) throw error
      // It was not somebody else who kept it.
      if (this.#options.sessions.failure !== null) throw this.#options.sessions.failure
      const waitedMs = performance.now() - since
      const { holders, waiting } = await this.#othersAtHand(wish, way, stood)
      throw new LockTimeoutError(wish.name, waitedMs, { holder: holders[0] ?? null, waiting })
    } finally {
      clearTimeout(timer)
    }
  }

  /** Takes it from whoever holds it, before all who wait. Rejects with what `fp.evict` rejects with, or the signal's reason. */
  async steal(name: string, signal: AbortSignal): Promise<Lock> {
    const startedAt = performance.now()
    const wish = this.#wish(name, { mode: 'exclusive', signal })
    return this.#hand(await this.#grants.steal(wish, signal), startedAt)
  }

  /** All or none. */
  async acquireAll(lockables: readonly Lockable[], asked: AskedToWait): Promise<LockSet> {
    return await LockSet.acquire(this, this.#fencing, { ...asked, lockables })
  }

  /** Whether a callback around this call holds the name. */
  isHeldHere(lockable: Lockable): boolean {
    return Scope.holding(this, this.keyOf(lockable)) !== null
  }

  /** The callback around this call that holds the name and may be joined; null if there is none. */
  scopeToJoin(lockable: Lockable, { mode, isReentrant }: { mode: Mode; isReentrant: boolean }): Scope | null {
    return isReentrant ? Scope.toJoin(this, this.keyOf(lockable), { name: nameOf(lockable), mode }) : null
  }

  keyOf(lockable: Lockable, namespace = this.#options.namespace): bigint {
    return keysOf(nameOf(lockable), namespace).key
  }

  /** What this process holds. */
  held(): Held[] {
    return this.#inHand.held()
  }

  /** Who holds the name now and how many wait. */
  async who(lock: Lockable): Promise<HoldersAndWaiting> {
    const { session } = await this.#options.sessions.main()
    return await readHolders(session, { lock, namespace: this.#options.namespace, ticket: null })
  }

  /** Once all waits are aborted: releases everything that is held, and leaves all lines. */
  async releaseAll(): Promise<void> {
    await Promise.all([this.#inHand.release(), this.#grants.emptied()])
  }

  #wish(lockable: Lockable, asked: Asked): Wish {
    const { mode, scope = Scope.here(), namespace = this.#options.namespace, other, isUrgent = false } = asked
    const [name, foreign] = [nameOf(lockable), foreignOf(lockable)]
    const own = other?.keys ?? keysOf(name, namespace)
    const keys = foreign === null ? own : { ...own, foreign }
    return { keys, namespace, name, mode, scopes: Scope.idsHere(), scope: scope?.id ?? null, isUrgent }
  }

  #tellWaiting(place: Place, { onWait, onTicket }: AskedToWait): void {
    const { wish, way } = place
    onTicket?.()
    this.#options.events.waiting(wish)
    if (onWait === undefined) return
    void this.#othersAtHand(wish, way, place).then(({ holders, waiting }) => {
      if (!place.isGone) onWait(holders[0] ?? null, waiting)
    })
  }

  /** For an error that is due now: nobody, also if the answer would keep it waiting. Whose place it is is not counted. */
  async #othersAtHand(wish: Wish, way: Way, place?: Place): Promise<HoldersAndWaiting> {
    const { openMain } = this.#options.sessions
    if (openMain === null) return NOBODY
    const asking = way.look(openMain.session, wish, place?.ticket ?? null)
    return await orAborted(asking, AbortSignal.timeout(AT_HAND_MS)).catch(() => NOBODY)
  }

  #hand(granted: Granted, startedAt: number): Lock {
    const { schema, freezeMs, events } = this.#options
    const { session, lane, leave, wish } = granted
    const { token, seen } = granted.grant
    const { name, namespace, mode, keys } = wish
    const isHeard = () => session.silentMs < HEARD_MS
    const fence = {
      key: keys.key,
      name,
      namespace,
      mode,
      token,
      session: session.key,
      seen,
      freezeMs,
      isHeard,
      schema,
      events,
    }
    const holding = new Holding(granted, {
      left: () => {
        lane?.giveBack()
        this.#inHand.remove(seat)
        leave()
      },
      released: () => events.released(fence, holding.heldMs),
      lost: (cause) => {
        const lost = new LockLostError(name, cause)
        lock.lose(lost)
        events.lost(fence, holding.heldMs, lost)
      },
    })
    const lock = new Lock(fence, this.#fencing, holding)
    events.acquired(fence, performance.now() - startedAt)
    const seat = this.#inHand.add({ lock, holding, session, wish })
    return lock
  }
}
