import { orAborted, pause } from '../ground/abort.ts'
import type { Holder } from '../ground/holder.ts'
import { keyOf } from '../ground/key.ts'
import type { Schema } from '../postgres/schema.ts'
import type { Session } from '../postgres/session.ts'
import type { Origin } from '../postgres/target.ts'
import { ask, cancel, unlock, type Wanted } from './ask.ts'
import { LocalLine, type Leave } from './local-line.ts'
import { Lock } from './lock.ts'
import type { Lane, Sessions } from './sessions.ts'

export interface LocksOptions {
  readonly sessions: Sessions
  readonly origin: Origin
  readonly schema: Schema
  readonly namespace: string
  readonly freezeMs: number
}

/** A token that was granted, and the session that holds it. */
interface Granted {
  readonly session: Session
  readonly token: number
  readonly lane: Lane | null
}

const RETRY_MS = 200

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
    const wanted = this.#wanted(name)
    signal.throwIfAborted()
    const leave = this.#line.tryEnter(wanted.key)
    if (leave === null) return null
    return await this.#inLine(wanted, leave, () => this.#try(wanted, signal))
  }

  /** Rejects with the signal's reason; nothing is held then and nothing will be granted later. */
  async acquire(name: string, signal: AbortSignal): Promise<Lock> {
    const wanted = this.#wanted(name)
    const leave = await this.#line.enter(wanted.key, signal)
    const lock = await this.#inLine(wanted, leave, () => this.#wait(wanted, signal))
    return lock as Lock
  }

  /** Who holds the name now, first the one that has held it longest; empty if nobody does. */
  async who(name: string): Promise<Holder[]> {
    const session = await this.#options.sessions.main()
    const text = 'select * from fencepost.who($1, $2) order by acquired_at'
    const rows = await session.query<HolderRow>(text, [name, this.#options.namespace])
    return rows.map(({ acquired_at, token, ...row }) => ({
      ...row,
      token: token === null ? null : Number(token),
      acquiredAt: acquired_at,
    }))
  }

  /** Releases everything that is held. */
  async releaseAll(): Promise<void> {
    await Promise.all([...this.#held].map((lock) => lock.release()))
  }

  #wanted(name: string): Wanted {
    const { namespace } = this.#options
    return { name, namespace, key: keyOf(name, namespace) }
  }

  async #inLine(wanted: Wanted, leave: Leave, take: () => Promise<Granted | null>): Promise<Lock | null> {
    let granted: Granted | null = null
    try {
      granted = await take()
      return granted === null ? null : this.#hand(wanted, granted, leave)
    } finally {
      if (granted === null) leave()
    }
  }

  #hand({ name, namespace, key }: Wanted, { session, token, lane }: Granted, leave: Leave): Lock {
    const { schema, freezeMs, origin } = this.#options
    session.hold()
    // At the release or at the loss, whichever comes first: a lost lock is nobody's, also within this process.
    const leaveBehind = () => {
      if (!this.#held.delete(lock)) return
      session.over.removeEventListener('abort', leaveBehind)
      session.letGo()
      lane?.giveBack()
      leave()
    }
    const letGo = async () => {
      if (!session.over.aborted) await unlock(session, key)
      leaveBehind()
    }
    const fence = { name, namespace, token, session: session.key, freezeMs, schema }
    const lock = new Lock({ fence, session, letGo }, origin)
    this.#held.add(lock)
    if (session.over.aborted) leaveBehind()
    else session.over.addEventListener('abort', leaveBehind, { once: true })
    return lock
  }

  async #wait(wanted: Wanted, signal: AbortSignal): Promise<Granted> {
    for (;;) {
      const granted = (await this.#try(wanted, signal)) ?? (await this.#waitOnLane(wanted, signal))
      if (granted !== null) return granted
      await pause(RETRY_MS * (0.5 + Math.random()), signal)
    }
  }

  /** A shared session may have broken while nobody looked; then a new one is asked, once. */
  async #try(wanted: Wanted, signal: AbortSignal): Promise<Granted | null> {
    for (let attempt = 1; ; attempt++) {
      const session = await orAborted(this.#options.sessions.main(), signal)
      try {
        const token = await ask(session, 'try_acquire', { wanted, signal })
        return token === null ? null : { session, token, lane: null }
      } catch (error) {
        if (attempt === 2 || signal.aborted || !session.over.aborted)
          throw signal.aborted ? signal.reason : session.describe(error)
      }
    }
  }

  /** Null if no lane is free or the lane broke. */
  async #waitOnLane(wanted: Wanted, signal: AbortSignal): Promise<Granted | null> {
    const taking = this.#options.sessions.takeLane()
    const lane = await orAborted(taking, signal).catch((error: unknown) => {
      void taking.then((late) => late?.giveBack()).catch(() => {})
      throw error
    })
    if (lane === null) return null
    const token = await this.#waitOn(lane.session, wanted, signal).catch((error: unknown) => {
      lane.giveBack()
      throw error
    })
    if (token === null) lane.giveBack()
    return token === null ? null : { session: lane.session, token, lane }
  }

  async #waitOn(session: Session, wanted: Wanted, signal: AbortSignal): Promise<number | null> {
    let cancelled: Promise<void> | undefined
    const stop = () => {
      cancelled = cancel(session, this.#options.sessions)
    }
    session.hold()
    signal.addEventListener('abort', stop, { once: true })
    try {
      for (;;) {
        signal.throwIfAborted()
        const token = await ask(session, 'acquire', { wanted, signal })
        if (token !== null) return token
      }
    } catch (error) {
      if (signal.aborted) throw signal.reason
      if (session.over.aborted) return null
      throw session.describe(error)
    } finally {
      signal.removeEventListener('abort', stop)
      // A cancel still on its way would hit whoever uses the lane next.
      await cancelled
      session.letGo()
    }
  }
}

interface HolderRow extends Omit<Holder, 'token' | 'acquiredAt'> {
  readonly token: string | null
  readonly acquired_at: Date | null
}
