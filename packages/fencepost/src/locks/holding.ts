import type { Seat } from '../ground/bag.ts'
import type { Granted } from '../line/granted.ts'
import type { Described } from '../sessions/descriptions.ts'
import type { Wish } from '../sessions/tickets.ts'

const DESCRIBE_AFTER_MS = 50

let count = 0

/**
 * Holds what was granted until `end`, or until its session is over. A lock that is held for longer than a moment is
 * written down by name for others to read; a short one writes nothing.
 */
export class Holding {
  /** A session may hold a name several times over, shared. */
  readonly #id = ++count
  readonly #grantedAt = performance.now()
  readonly #granted: Granted
  readonly #wish: Wish
  readonly #left: (isLost: boolean) => void
  readonly #timer: NodeJS.Timeout
  readonly #seat: Seat<() => void>
  #described: Promise<void> | undefined
  #isOver = false

  get heldMs(): number {
    return performance.now() - this.#grantedAt
  }

  /** @param left called once, when nothing is held any more: at the end or at the loss, whichever comes first. */
  constructor(granted: Granted, wish: Wish, left: (isLost: boolean) => void) {
    this.#granted = granted
    this.#wish = wish
    this.#left = left
    granted.session.hold()
    this.#timer = setTimeout(() => this.#describe(), DESCRIBE_AFTER_MS).unref()
    this.#seat = granted.session.whenOver(() => this.#leave(true))
  }

  /** Lets go. Never rejects. */
  end(): Promise<void> {
    const { session, taker, keys, grant } = this.#granted
    clearTimeout(this.#timer)
    if (session.over.aborted) return Promise.resolve()
    return taker.release(keys, grant.token).then(() => {
      // Not before: a row that is written after it was taken back would stay.
      void this.#described?.then(() => this.#granted.descriptions.undescribe(this.#description()))
      this.#leave(false)
    })
  }

  #describe(): void {
    this.#described = this.#granted.descriptions.describe(this.#description())
  }

  #description(): Described {
    return { holding: this.#id, wish: this.#wish, heldMs: this.heldMs }
  }

  #leave(isLost: boolean): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#granted.session.notWhenOver(this.#seat)
    this.#granted.session.letGo()
    this.#left(isLost)
  }
}
