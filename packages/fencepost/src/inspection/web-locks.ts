import type { Session } from '../postgres/session.ts'
import type { HeldLock, LockSnapshot, PendingLock } from './lock-snapshot.ts'
import { readLocks } from './read-locks.ts'

/** What a process of ours knows of its own locks before they are written down. */
export interface Held {
  readonly key: bigint
  readonly namespace: string
  readonly name: string
}

export interface WebLocksOptions {
  /** Rejects with what a caller can act on. */
  readonly session: () => Promise<Session>
  readonly held: () => readonly Held[]
}

/** The locks of a database in the words of the Web Locks API. */
export class WebLocks {
  readonly #options: WebLocksOptions

  /** Use `fp.locks`. */
  constructor(options: WebLocksOptions) {
    this.#options = options
  }

  /**
   * All locks of the database that are held or waited for, of every process and namespace, and those of other programs. It is
   * past when it arrives: good for people and dashboards, not for deciding whether a lock may be taken.
   */
  async query(): Promise<LockSnapshot> {
    const { held, pending } = await readLocks(await this.#options.session())
    const own = new Map(this.#options.held().map((lock) => [lock.key, lock]))
    const named = <Lock extends HeldLock | PendingLock>(lock: Lock): Lock => {
      const known = lock.name === null && typeof lock.key === 'bigint' ? own.get(lock.key) : undefined
      return known === undefined ? lock : { ...lock, name: known.name, namespace: known.namespace }
    }
    return { held: held.map(named), pending: pending.map(named) }
  }
}
