import { orAborted, pause } from '../ground/abort.ts'
import type { Holder } from '../ground/holder.ts'
import { type Keys, keysOf } from '../ground/key.ts'
import type { Events } from '../events/events.ts'
import { asError } from '../postgres/driver-error.ts'
import type { Schema } from '../postgres/schema.ts'
import type { Origin } from '../postgres/target.ts'
import { isNotYet } from './ask.ts'
import { Holding } from './holding.ts'
import { type Leave, LocalLine } from './local-line.ts'
import { Lock } from './lock.ts'
import { readHolders } from './read-holders.ts'
import type { Sessions } from './sessions.ts'
import { type Granted, waitOnLane } from './wait-on-lane.ts'

export interface LocksOptions {
  readonly sessions: Sessions
  readonly origin: Origin
  readonly schema: Schema
  readonly namespace: string
  readonly freezeMs: number
  readonly events: Events
}

const RETRY_MS = 200
const AT_HAND_MS = 300
const ATTEMPTS = 3

/**
 * Takes locks for one process.
 *
 *     local line ──▶ try on the shared session ──busy──▶ wait on a lane, in slices ──▶ granted there
 *                         ▲                                  │ none free
 *                         └──────────── a while ◀────────────┘
 */
export class Locks {
  readonly #options: LocksOptions
  readonly #line = new LocalLine()
  readonly #held = new Set<Lock>()

  constructor(options: LocksOptions) {
    this.#options = options
  }

  /** Null means busy: held by somebody else, or by this process, or a guarded transaction of the last holder runs. */
  async tryAcquire(name: string, signal: AbortSignal): Promise<Lock | null> {
    signal.throwIfAborted()
    const keys = keysOf(name, this.#options.namespace)
    const leave = this.#line.tryEnter(keys.key)
    if (leave === null) return null
    const granted = await orLeave(leave, this.#try(keys, signal))
    if (granted === null) leave()
    return granted === null ? null : this.#hand(name, granted, leave)
  }

  /** Rejects with the signal's reason; nothing is held then and nothing will be granted later. */
  async acquire(name: string, signal: AbortSignal): Promise<Lock> {
    const keys = keysOf(name, this.#options.namespace)
    const leave = await this.#line.enter(keys.key, signal)
    return this.#hand(name, await orLeave(leave, this.#wait(keys, signal)), leave)
  }

  /** Who holds the name now, first the one that has held it longest; empty if nobody does. */
  async who(name: string): Promise<Holder[]> {
    const { session } = await this.#options.sessions.main()
    return await readHolders(session, name, this.#options.namespace)
  }

  /** For an error that is due now: null also if the answer would keep it waiting. */
  async holderAtHand(name: string): Promise<Holder | null> {
    const { openMain } = this.#options.sessions
    if (openMain === null) return null
    const asking = readHolders(openMain.session, name, this.#options.namespace)
    const [holder] = await orAborted(asking, AbortSignal.timeout(AT_HAND_MS)).catch(() => [])
    return holder ?? null
  }

  /** Releases everything that is held. */
  async releaseAll(): Promise<void> {
    await Promise.all([...this.#held].map((lock) => lock.release()))
  }

  #hand(name: string, granted: Granted, leave: Leave): Lock {
    const { schema, freezeMs, namespace, origin, events } = this.#options
    const { session, lane } = granted
    const { token, grantedUs } = granted.grant
    const holding = new Holding({ ...granted, token, namespace, name }, (isLost) => {
      lane?.giveBack()
      this.#held.delete(lock)
      leave()
      if (isLost) lock.lose(asError(session.over.reason))
    })
    const of = { name, namespace, mode: 'exclusive', token } as const
    const fence = { ...of, session: session.key, grantedUs, freezeMs, schema, events }
    const lock = new Lock(fence, origin, () => holding.end())
    this.#held.add(lock)
    return lock
  }

  async #wait(keys: Keys, signal: AbortSignal): Promise<Granted> {
    for (;;) {
      const granted = (await this.#try(keys, signal)) ?? (await waitOnLane(this.#options.sessions, keys, signal))
      if (granted !== null) return granted
      await pause(RETRY_MS * (0.5 + Math.random()), signal)
    }
  }

  /** A shared session may have broken while nobody looked, or been cancelled; then it is asked again, or a new one. */
  async #try(keys: Keys, signal: AbortSignal): Promise<Granted | null> {
    for (let attempt = 1; ; attempt++) {
      const { sessions } = this.#options
      const { session, ticks } = sessions.openMain ?? (await orAborted(sessions.main(), signal))
      signal.throwIfAborted()
      try {
        const grant = await ticks.try(keys)
        if (grant !== null && signal.aborted) await ticks.release(keys.gate ^ BigInt(grant.token), keys.key)
        signal.throwIfAborted()
        return grant === null ? null : { session, ticks, grant, keys, lane: null }
      } catch (error) {
        if (signal.aborted) throw signal.reason
        if (attempt === ATTEMPTS || !(session.over.aborted || isNotYet(session, error))) throw session.describe(error)
      }
    }
  }
}

/** The place in the local line is given up if the lock is not to be had. */
async function orLeave<T>(leave: Leave, taking: Promise<T>): Promise<T> {
  return await taking.catch((error: unknown) => {
    leave()
    throw error
  })
}
