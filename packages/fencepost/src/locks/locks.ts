import { orAborted, pause } from '../ground/abort.ts'
import { DatabaseUnreachableError } from '../ground/errors.ts'
import type { Holder } from '../ground/holder.ts'
import { keysOf } from '../ground/key.ts'
import type { Mode } from '../ground/mode.ts'
import { isNotYet } from '../line/ask.ts'
import { Claims } from '../line/claims.ts'
import type { Granted } from '../line/granted.ts'
import { Line } from '../line/line.ts'
import type { Place } from '../line/place.ts'
import { tryOnce } from '../line/try-once.ts'
import { watch } from '../line/watch.ts'
import { asError } from '../postgres/driver-error.ts'
import type { Schema } from '../postgres/schema.ts'
import type { Origin } from '../postgres/target.ts'
import type { Main, Sessions } from '../sessions/sessions.ts'
import type { Wish } from '../sessions/tickets.ts'
import { Holding } from './holding.ts'
import { Lock } from './lock.ts'
import { readHolders } from './read-holders.ts'

export interface LocksOptions {
  readonly sessions: Sessions
  readonly origin: Origin
  readonly schema: Schema
  readonly namespace: string
  readonly freezeMs: number
}

export interface Asked {
  readonly mode: Mode
  /** The callbacks it is asked in, outermost first. */
  readonly scopes: readonly bigint[]
  readonly signal: AbortSignal
  /** Called once if it is not granted at once. */
  readonly onWait?: () => void
}

const AT_HAND_MS = 300
const ATTEMPTS = 3
const RECONNECT_MS = 30_000
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 3000

/**
 * Takes locks for one process.
 *
 *     enter the line ──▶ try, if nobody is before us ──busy──▶ stand in the line ──called──▶ watch the lock ──▶ granted
 *            ▲                                                        │                           │
 *            └─────────────────────── shared session lost ◀───────────┴───────────────────────────┘
 */
export class Locks {
  readonly #options: LocksOptions
  readonly #claims = new Claims()
  readonly #line = new Line()
  readonly #held = new Set<Lock>()

  constructor(options: LocksOptions) {
    this.#options = options
  }

  /** Null means busy: held or waited for by somebody, here or elsewhere, or a guarded transaction of the last holder runs. */
  async tryAcquire(name: string, { mode, scopes, signal }: Asked): Promise<Lock | null> {
    const wish = this.#wish(name, mode, scopes)
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted()
      if (!this.#line.isEmpty(wish.keys.key)) return null
      const { sessions } = this.#options
      const main = sessions.openMain ?? (await orAborted(sessions.main(), signal))
      try {
        const granted = await tryOnce(main, this.#claims, { wish, signal, line: wish.keys.line })
        return granted === null ? null : this.#hand(wish, granted)
      } catch (error) {
        if (signal.aborted) throw signal.reason
        if (attempt === ATTEMPTS || !isAgain(main, error)) throw main.session.describe(error)
      }
    }
  }

  /** Rejects with the signal's reason; nothing is held then and nothing will be granted later. */
  async acquire(name: string, asked: Asked): Promise<Lock> {
    asked.signal.throwIfAborted()
    const wish = this.#wish(name, asked.mode, asked.scopes)
    const place = this.#line.enter(wish)
    try {
      return this.#hand(wish, await this.#take(place, asked))
    } finally {
      this.#line.leave(place)
    }
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

  #wish(name: string, mode: Mode, scopes: readonly bigint[]): Wish {
    const { namespace } = this.#options
    return { keys: keysOf(name, namespace), namespace, name, mode, scopes }
  }

  async #take(place: Place, asked: Asked): Promise<Granted> {
    const { signal } = asked
    for (;;) {
      const main = this.#options.sessions.openMain ?? (await this.#reconnect(signal))
      main.session.hold()
      try {
        return await this.#takeOn(main, place, asked)
      } catch (error) {
        if (signal.aborted) throw signal.reason
        if (!isAgain(main, error)) throw main.session.describe(error)
      } finally {
        main.session.letGo()
      }
    }
  }

  async #takeOn(main: Main, place: Place, { signal, onWait }: Asked): Promise<Granted> {
    const { wish } = place
    if (this.#line.isFirst(place)) {
      const granted = await tryOnce(main, this.#claims, { wish, signal, line: wish.keys.line })
      if (granted !== null) return granted
    }
    onWait?.()
    await this.#line.stand(place, main, signal)
    return await watch({ main, sessions: this.#options.sessions, claims: this.#claims }, wish, signal)
  }

  /** A session that broke is opened again, after growing random pauses; the first one opens or fails. */
  async #reconnect(signal: AbortSignal): Promise<Main> {
    const { sessions } = this.#options
    const startedAt = performance.now()
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        return await orAborted(sessions.main(), signal)
      } catch (error) {
        const isOver = performance.now() - startedAt > RECONNECT_MS
        if (signal.aborted || isOver || !sessions.wasOpen || !(error instanceof DatabaseUnreachableError)) throw error
        await pause(pauseMs * Math.random(), signal)
      }
    }
  }

  #hand(wish: Wish, granted: Granted): Lock {
    const { schema, freezeMs, origin } = this.#options
    const { session, lane, leave } = granted
    const { token, grantedUs } = granted.grant
    const { name, namespace, mode } = wish
    const holding = new Holding(granted, wish, (isLost) => {
      lane?.giveBack()
      this.#held.delete(lock)
      leave()
      if (isLost) lock.lose(asError(session.over.reason))
    })
    const fence = { name, namespace, mode, token, session: session.key, grantedUs, freezeMs, schema }
    const lock = new Lock(fence, origin, () => holding.end())
    this.#held.add(lock)
    return lock
  }
}

/** The session broke while nobody looked, or its statement was cancelled: it is asked again, or a new one. */
function isAgain({ session }: Main, error: unknown): boolean {
  return session.over.aborted || isNotYet(session, error)
}
