import type { Keys } from '../ground/key.ts'
import type { Session } from '../postgres/session.ts'
import type { Ticks } from './ticks.ts'

/** What is held of a name, and on which session. */
export interface Held {
  readonly session: Session
  readonly ticks: Ticks
  readonly keys: Keys
  readonly token: number
  readonly namespace: string
  readonly name: string
}

const DESCRIBE_AFTER_MS = 50

/**
 * Holds what was granted until `end`, or until its session is over. A lock that is held for longer than a moment is
 * written down by name for others to read; a short one writes nothing.
 */
export class Holding {
  readonly #grantedAt = performance.now()
  readonly #held: Held
  readonly #left: (isLost: boolean) => void
  readonly #timer: NodeJS.Timeout
  #isDescribed = false
  #isOver = false

  /** @param left called once, when nothing is held any more: at the end or at the loss, whichever comes first. */
  constructor(held: Held, left: (isLost: boolean) => void) {
    this.#held = held
    this.#left = left
    held.session.hold()
    this.#timer = setTimeout(() => void this.#describe(), DESCRIBE_AFTER_MS).unref()
    held.session.whenOver(this.#lose)
  }

  /** Lets go. Never rejects. */
  async end(): Promise<void> {
    const { session, ticks, keys, token } = this.#held
    clearTimeout(this.#timer)
    if (session.over.aborted) return
    // The token first: who still has it is refused from then on.
    await ticks.release(keys.gate ^ BigInt(token), keys.key)
    if (this.#isDescribed) void this.#undescribe()
    this.#leave(false)
  }

  async #describe(): Promise<void> {
    const { session, keys, namespace, name } = this.#held
    this.#isDescribed = true
    const text = `select fencepost.describe($1, $2, $3, $4, $5 * interval '1 ms')`
    const heldForMs = performance.now() - this.#grantedAt
    // Who is told nothing still sees that it is held.
    await session.query(text, [session.key, keys.key, namespace, name, heldForMs], 'describe').catch(() => {})
  }

  async #undescribe(): Promise<void> {
    const { session, keys } = this.#held
    await session.query('select fencepost.undescribe($1, $2)', [session.key, keys.key], 'undescribe').catch(() => {})
  }

  readonly #lose = (): void => this.#leave(true)

  #leave(isLost: boolean): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#held.session.notWhenOver(this.#lose)
    this.#held.session.letGo()
    this.#left(isLost)
  }
}
