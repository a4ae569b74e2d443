import { ClosedError } from '../ground/errors.ts'
import { Session, type SessionOptions } from '../postgres/session.ts'

/** A session for one waiter, which keeps the lock it is granted there until it gives the lane back. */
export interface Lane {
  readonly session: Session
  giveBack(): void
}

const LANES = 3

/** The sessions of this process: one for everything that does not wait, and a few lanes, on demand, for what does. */
export class Sessions {
  readonly #options: SessionOptions
  readonly #open = new Set<Promise<Session>>()
  #main: Promise<Session> | undefined
  #idle: Session[] = []
  #taken = 0
  #isClosed = false
  #isWarned = false

  constructor(options: SessionOptions) {
    this.#options = options
  }

  /** The shared session; a new one if the last is over. Rejects like `Session.open`. */
  async main(): Promise<Session> {
    this.#main ??= this.#start(() => (this.#main = undefined))
    return await this.#main
  }

  /** Null while all lanes are taken. Rejects like `Session.open`. */
  async takeLane(): Promise<Lane | null> {
    if (this.#taken === LANES) return null
    this.#taken++
    try {
      this.#idle = this.#idle.filter(({ over }) => !over.aborted)
      const session = this.#idle.pop() ?? (await this.#start(() => {}))
      return { session, giveBack: () => this.#takeBack(session) }
    } catch (error) {
      this.#taken--
      throw error
    }
  }

  /** Ends every session; what they hold is let go. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const opened of await Promise.allSettled(this.#open)) {
      if (opened.status === 'fulfilled') await opened.value.close()
    }
  }

  /** A promise that this server cannot keep is said once. */
  #warn(weakened: readonly string[]): void {
    if (weakened.length > 0 && !this.#isWarned) {
      const message = `fencepost promises less on this server: ${weakened.join('; ')}`
      process.emitWarning(message, { type: 'FencepostWarning', code: 'FENCEPOST_WEAKENED' })
    }
    this.#isWarned = true
  }

  #takeBack(session: Session): void {
    this.#taken--
    this.#idle.push(session)
  }

  async #start(ended: () => void): Promise<Session> {
    if (this.#isClosed) throw new ClosedError()
    const opened = Session.open(this.#options)
    this.#open.add(opened)
    const end = () => {
      this.#open.delete(opened)
      ended()
    }
    opened.then(({ over }) => over.addEventListener('abort', end, { once: true }), end)
    this.#warn((await opened).weakened)
    return await opened
  }
}
