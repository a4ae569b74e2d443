import { OutOfLocksError } from '../ground/server-errors.ts'
import type { Session } from '../postgres/session.ts'

/** Lock-table slots of a lock that is held. */
const SLOTS = 2
/** Of the free slots, how many are used before they are counted again: others use them too. */
const SHARE = 1 / 8
const LEAST = 16

/**
 * Keeps the locks of this process to its limit, and leaves room in the lock table of the server for everybody else: when it is
 * used up, all sessions fail, also those that lock a table, and no new one can connect.
 */
export class Budget {
  readonly #most: number
  readonly #where: string
  /** So many may be held before the free slots are counted again. */
  #counted = 0
  #counting: Promise<number> | undefined

  constructor(most: number, where: string) {
    this.#most = most
    this.#where = where
  }

  /** @throws {OutOfLocksError} if one lock more than `held` would be too many. */
  async admit(held: number, session: Session): Promise<void> {
    if (held >= this.#most) {
      throw new OutOfLocksError(this.#where, new Error(`this process has ${held} locks, which is its limit (maxLocks)`))
    }
    this.#counting ??= this.#count(session).finally(() => (this.#counting = undefined))
    const free = await this.#counting
    if (free < SLOTS) {
      const used = 'all the lock slots the server is configured for are used; what is left is for others'
      throw new OutOfLocksError(this.#where, new Error(used))
    }
    this.#counted = held + Math.max(LEAST, Math.floor((free * SHARE) / SLOTS))
  }

  /** Whether it is known that one lock more than `held` may be taken. */
  hasRoom(held: number): boolean {
    return held < this.#counted && held < this.#most
  }

  async #count(session: Session): Promise<number> {
    const text = 'select fencepost.free_lock_slots() as free'
    const [row] = await session.query<{ free: number }>(text, [], 'free_lock_slots')
    return row?.free ?? 0
  }
}
