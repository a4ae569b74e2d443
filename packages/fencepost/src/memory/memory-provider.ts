import type { EvictionReport } from '../eviction/eviction-options.ts'
import { EvictedError } from '../ground/eviction-errors.ts'
import type { Holder } from '../ground/holder.ts'
import type { Grant, Inspection, LockProvider, Waiting, Wanted } from '../providers/lock-provider.ts'
import type { Hold, MemoryLines, Party } from './memory-lines.ts'
import { MemorySession } from './memory-session.ts'

type Named = Pick<Wanted, 'name' | 'namespace'>

/** One process's way to the lines in memory. */
export class MemoryProvider implements LockProvider {
  readonly #lines: MemoryLines
  readonly #party: Party
  #session: MemorySession

  constructor(lines: MemoryLines, party: Party) {
    this.#lines = lines
    this.#party = party
    this.#session = new MemorySession(lines)
  }

  async tryAcquire(wanted: Wanted, signal: AbortSignal): Promise<Grant | null> {
    const session = await this.#open(signal)
    const hold = this.#lines.try(wanted, this.#party)
    return hold === null ? null : grantOf(hold, session)
  }

  async acquire(wanted: Wanted, { signal, onWaiting }: Waiting): Promise<Grant> {
    for (;;) {
      const session = await this.#open(signal)
      const hold = this.#lines.try(wanted, this.#party) ?? (await this.#wait(wanted, { signal, onWaiting }))
      if (!session.isOver) return grantOf(hold, session)
      // Granted to a process that is dead or frozen: it waits anew, as who connects again does.
      this.#lines.release(hold)
    }
  }

  inspect(of: Named): Promise<Inspection> {
    const holders = this.#lines.holds(of).map(holderOf)
    return Promise.resolve({ holders, waiting: this.#lines.countWaiting(of) })
  }

  /** Whoever holds it is told, and has let go by then. */
  evict(of: Named, token: number | null): EvictionReport {
    const holds = this.#lines.holds(of)
    const held = holds[0]
    if (held === undefined) return { outcome: 'not held', token: null, holders: [] }
    const holders = holds.map(holderOf)
    if (token !== null && token !== held.token) return { outcome: 'changed', token: null, holders }
    const cause = new EvictedError({ role: 'memory', application: this.#party.application })
    for (const hold of holds) {
      hold.lost.abort(cause)
      this.#lines.release(hold)
    }
    return { outcome: 'released', token: held.token, holders }
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  /** The next call after a loss opens another. A frozen process does nothing until it is thawed. */
  async #open(signal: AbortSignal): Promise<MemorySession> {
    await this.#session.whenThawed(signal)
    signal.throwIfAborted()
    if (this.#session.isOver) this.#session = new MemorySession(this.#lines)
    return this.#session
  }

  #wait(wanted: Wanted, { signal, onWaiting }: Waiting): Promise<Hold> {
    return new Promise((resolve, reject) => {
      const fail = (error: unknown) => {
        signal.removeEventListener('abort', giveUp)
        leave()
        reject(error)
      }
      const giveUp = () => fail(signal.reason)
      const grant = (hold: Hold) => {
        signal.removeEventListener('abort', giveUp)
        resolve(hold)
      }
      signal.addEventListener('abort', giveUp, { once: true })
      const leave = this.#lines.wait({ wanted, party: this.#party, grant, fail })
      onWaiting()
    })
  }
}

function grantOf(hold: Hold, session: MemorySession): Grant {
  session.keep(hold)
  return { token: hold.token, lost: hold.lost.signal, session, release: () => session.release(hold) }
}

function holderOf({ wanted, party, token, acquiredAt }: Hold): Holder {
  return { mode: wanted.mode, token, ...party, backend: null, acquiredAt }
}
