import { asError } from '../ground/as-error.ts'
import type { Seat } from '../ground/bag.ts'
import type { Granted } from '../line/granted.ts'
import type { Session } from '../postgres/session.ts'
import type { Described } from '../sessions/descriptions.ts'

const DESCRIBE_AFTER_MS = 50

let count = 0

/** How it ends, each called once at most. */
export interface Ends {
  /** Somebody else ended it: its session is over, or it was evicted. Maybe before it has been let go of. */
  lost(cause: Error): void
  /** Nothing is held any more. */
  left(): void
  /** Let go of as its holder wished. */
  released(): void
}

/**
 * Holds what was granted until `end`, until it is evicted, or until its session is over. A lock that is held for longer than a moment is
 * written down by name for others to read; a short one writes nothing.
 */
export class Holding {
  /** A session may hold a name several times over, shared. */
  readonly #id = ++count
  readonly #grantedAt = performance.now()
  readonly #granted: Granted
  readonly #ends: Ends
  readonly #timer: NodeJS.Timeout
  readonly #seat: Seat<() => void>
  #described: Promise<void> | undefined
  #ending: Promise<void> | undefined
  #isEvicted = false
  #isOver = false

  get session(): Session {
    return this.#granted.session
  }

  get heldMs(): number {
    return performance.now() - this.#grantedAt
  }

  constructor(granted: Granted, ends: Ends) {
    this.#granted = granted
    this.#ends = ends
    granted.session.hold()
    this.#timer = setTimeout(() => this.#describe(), DESCRIBE_AFTER_MS).unref()
    this.#seat = granted.session.whenOver(() => this.#leaveLost())
  }

  /** Lets go. Never rejects. */
  end(): Promise<void> {
    this.#ending ??= this.#letGo()
    return this.#ending
  }

  /** Lets go for somebody else; whoever holds it is told first. Never rejects. */
  evict(cause: Error): Promise<void> {
    if (this.#ending === undefined && !this.#isOver) {
      // Sent after this turn of the event loop, so whoever is told is told before.
      this.#isEvicted = true
      this.#ending = this.#letGo()
      this.#ends.lost(cause)
    }
    return this.#ending ?? Promise.resolve()
  }

  #letGo(): Promise<void> {
    const { session, taker, wish, grant } = this.#granted
    clearTimeout(this.#timer)
    if (session.over.aborted) return Promise.resolve()
    return taker.release(wish.keys, grant.token).then(() => {
      // Not before: a row that is written after it was taken back would stay.
      void this.#described?.then(() => this.#granted.descriptions.undescribe(this.#description()))
      if (this.#leave() && !this.#isEvicted) this.#ends.released()
    })
  }

  #describe(): void {
    this.#described = this.#granted.descriptions.describe(this.#description())
  }

  #description(): Described {
    return { holding: this.#id, wish: this.#granted.wish, heldMs: this.heldMs }
  }

  #leaveLost(): void {
    const cause = asError(this.#granted.session.over.reason)
    if (this.#leave() && !this.#isEvicted) this.#ends.lost(cause)
  }

  /** False if it had been left before. */
  #leave(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#granted.session.notWhenOver(this.#seat)
    this.#granted.session.letGo()
    this.#ends.left()
    return true
  }
}
