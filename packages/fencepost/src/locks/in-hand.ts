import { Bag, type Seat } from '../ground/bag.ts'
import { EvictedError } from '../ground/eviction-errors.ts'
import type { Held } from '../inspection/held.ts'
import type { Session } from '../postgres/session.ts'
import type { Eviction } from '../sessions/summons.ts'
import type { Wish } from '../sessions/wish.ts'
import type { Holding } from './holding.ts'
import type { Lock } from './lock.ts'

interface Taken {
  readonly lock: Lock
  readonly holding: Holding
  readonly session: Session
  readonly wish: Wish
}

const MOST = 1000

/** The locks a process has handed out, and what becomes of those that somebody else has it let go of. */
export class InHand {
  readonly #taken = new Bag<Taken>()
  /** By session and token. Readers share a token: one who joins while it is let go of is granted one that is not to be held any more. */
  readonly #evictions = new Map<string, Eviction>()

  /** What is given back is to be removed; that may come to be within the call. */
  add(taken: Taken): Seat<Taken> {
    const seat = this.#taken.add(taken)
    if (this.#evictions.size > 0) {
      const eviction = this.#evictions.get(idOf(taken.session, taken.lock.token))
      if (eviction !== undefined) void taken.holding.evict(new EvictedError(eviction))
    }
    return seat
  }

  remove(seat: Seat<Taken>): void {
    this.#taken.remove(seat)
  }

  /** As they were asked for, and where they are held. */
  held(): Held[] {
    return [...this.#taken].map(({ wish, session }) => {
      const { keys, namespace, name } = wish
      return { key: keys.key, namespace, name, backend: session.backend }
    })
  }

  async release(): Promise<void> {
    await Promise.all([...this.#taken].map(({ lock }) => lock.release()))
  }

  /** Lets go of one lock of a session, however often it is held there. */
  evict(eviction: Eviction): void {
    const { session, key, token } = eviction
    this.#note(eviction)
    const evicted = new EvictedError(eviction)
    for (const one of this.#taken)
      if (one.session === session && one.wish.keys.key === key && one.lock.token === token)
        void one.holding.evict(evicted)
  }

  #note(eviction: Eviction): void {
    this.#evictions.set(idOf(eviction.session, eviction.token), eviction)
    const [oldest] = this.#evictions.keys()
    if (oldest !== undefined && this.#evictions.size > MOST) this.#evictions.delete(oldest)
  }
}

function idOf({ key }: Session, token: number): string {
  return `${key} ${token}`
}
