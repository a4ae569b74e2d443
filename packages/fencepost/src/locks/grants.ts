import { firstOf, orAborted, pause } from '../ground/abort.ts'
import { DatabaseUnreachableError } from '../ground/server-errors.ts'
import type { Main, Sessions } from '../sessions/sessions.ts'
import type { Wish } from '../sessions/wish.ts'
import { isNotYet } from '../line/ask.ts'
import { Claims } from '../line/claims.ts'
import { Deadlocks } from '../line/deadlocks.ts'
import type { Granted, Way } from '../line/granted.ts'
import { Line } from '../line/line.ts'
import type { Place } from '../line/place.ts'
import type { Budget } from './budget.ts'
import { steal } from './steal.ts'

const ATTEMPTS = 3
const AGAIN_MS = 20
const RECONNECT_MS = 30_000
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 3000
const LEAVE_MS = 1000

/**
 * Gets what one process wishes granted.
 *
 *     enter the line ──▶ try, if nobody is before us ──busy──▶ stand in the line ──called──▶ watch the lock ──▶ granted
 *            ▲                                                        │                           │
 *            └─────────────────────── shared session lost ◀───────────┴───────────────────────────┘
 */
export class Grants {
  readonly #sessions: Sessions
  readonly #budget: Budget
  readonly #claims = new Claims()
  readonly #line = new Line((key) => this.#claims.tell(key))
  readonly #deadlocks = new Deadlocks()

  constructor(sessions: Sessions, budget: Budget) {
    this.#sessions = sessions
    this.#budget = budget
  }

  /** Null means busy: held or waited for by somebody, here or elsewhere, or a guarded transaction of the last holder runs. */
  async try(wish: Wish, way: Way, signal: AbortSignal): Promise<Granted | null> {
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted()
      if (!this.#line.isEmpty(wish.keys.key)) return null
      const main = this.#sessions.openMain ?? (await orAborted(this.#sessions.main(), signal))
      try {
        while (!this.#budget.hasRoom(this.#claims.count)) await this.#budget.admit(this.#claims.count, main.session)
        return await way.tryOnce(main, this.#claims, { wish, signal, line: wish.keys.line })
      } catch (error) {
        if (signal.aborted) throw signal.reason
        if (attempt === ATTEMPTS || !isAgain(main, error)) throw main.session.describe(error)
      }
    }
  }

  /**
   * Rejects with the signal's reason or a `DeadlockError`; nothing is held then and nothing will be granted later.
   *
   * @param asked `onTicket` is called when it stands in line, if it has to.
   */
  async wait(asked: Pick<Place, 'wish' | 'way' | 'onTicket'>, signal: AbortSignal): Promise<Granted> {
    signal.throwIfAborted()
    const place = this.#line.enter(asked)
    // Most locks are free, and need none of what follows: each async function on their way costs a frame.
    const main = this.#sessionFor(place)
    try {
      if (main !== null) {
        try {
          const granted = await this.#tryOn(main, place, signal)
          if (granted !== null) return granted
        } catch (error) {
          throwUnlessAgain(main, signal, error)
        }
      }
      return await this.#takeWatched(place, signal, main)
    } finally {
      this.#line.leave(place)
    }
  }

  /** Takes the name from whoever holds it, before all who wait, here and elsewhere. */
  async steal(wish: Wish, signal: AbortSignal): Promise<Granted> {
    signal.throwIfAborted()
    const { session: main } = await orAborted(this.#sessions.main(), signal)
    while (!this.#budget.hasRoom(this.#claims.count)) await this.#budget.admit(this.#claims.count, main)
    const { lane, grant } = await steal(this.#sessions, wish, signal)
    const { session, takers, descriptions } = lane
    const { keys, mode } = wish
    const leave = this.#claims.add(keys.key, mode)
    return { session, descriptions, taker: takers[mode], wish, grant, lane, leave }
  }

  /** Once all waits are aborted: resolves when they have left nothing behind, or cannot within a second, as their table is locked, say. */
  async emptied(): Promise<void> {
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(), LEAVE_MS)
    await orAborted(this.#line.emptied(), late.signal).catch(() => {})
    clearTimeout(timer)
  }

  /** The one to ask at once; null if others of this process came before, or no room is known of. */
  #sessionFor(place: Place): Main | null {
    return this.#line.isFirst(place) && this.#budget.hasRoom(this.#claims.count) ? this.#sessions.openMain : null
  }

  #tryOn(main: Main, { wish, way }: Place, signal: AbortSignal): Promise<Granted | null> {
    return way.tryOnce(main, this.#claims, { wish, signal, line: wish.keys.line })
  }

  /** Whoever waits inside a callback may be waited for itself. */
  async #takeWatched(place: Place, signal: AbortSignal, tried: Main | null): Promise<Granted> {
    if (place.wish.scopes.length === 0) return await this.#take(place, signal, tried)
    using watched = this.#deadlocks.watch(place, signal)
    return await this.#take(place, watched.signal, tried)
  }

  /** @param tried has been asked just now. */
  async #take(place: Place, signal: AbortSignal, tried: Main | null): Promise<Granted> {
    for (let last = tried; ; last = null) {
      const main = this.#sessions.openMain ?? (await this.#reconnect(signal))
      main.session.hold()
      try {
        const granted = main === last ? null : await this.#tryWithRoom(main, place, signal)
        return granted ?? (await this.#stand(main, place, signal))
      } catch (error) {
        throwUnlessAgain(main, signal, error)
      } finally {
        main.session.letGo()
      }
      await pause(AGAIN_MS, signal)
    }
  }

  async #tryWithRoom(main: Main, place: Place, signal: AbortSignal): Promise<Granted | null> {
    while (!this.#budget.hasRoom(this.#claims.count)) await this.#budget.admit(this.#claims.count, main.session)
    return this.#line.isFirst(place) ? await this.#tryOn(main, place, signal) : null
  }

  async #stand(main: Main, place: Place, signal: AbortSignal): Promise<Granted> {
    await this.#line.stand(place, main, signal)
    while (!this.#budget.hasRoom(this.#claims.count)) await this.#budget.admit(this.#claims.count, main.session)
    // Its ticket is void when the session is over: whoever waited on without one would stand in nobody's way.
    using either = firstOf([signal, main.session.over])
    return await place.way.watch({ main, sessions: this.#sessions, claims: this.#claims }, place.wish, either.signal)
  }

  /** A session that broke is opened again, after growing random pauses; the first one opens or fails. */
  async #reconnect(signal: AbortSignal): Promise<Main> {
    const startedAt = performance.now()
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        return await orAborted(this.#sessions.main(), signal)
      } catch (error) {
        const isOver = performance.now() - startedAt > RECONNECT_MS
        const isLost = this.#sessions.wasOpen && error instanceof DatabaseUnreachableError
        if (signal.aborted || isOver || !isLost) throw error
        await pause(pauseMs * Math.random(), signal)
      }
    }
  }
}

function throwUnlessAgain(main: Main, signal: AbortSignal, error: unknown): void {
  if (signal.aborted) throw signal.reason
  if (!isAgain(main, error)) throw main.session.describe(error)
}

/** The session broke while nobody looked, or its statement was cancelled: it is asked again, or a new one. */
function isAgain({ session }: Main, error: unknown): boolean {
  return session.over.aborted || isNotYet(session, error)
}
