import { ClosedError } from '../ground/errors.ts'
import { StuckGuards } from '../fencing/stuck-guards.ts'
import { asError } from '../ground/as-error.ts'
import { sqlState } from '../wire/sql-state.ts'
import { Session, type SessionOptions } from '../postgres/session.ts'
import { Descriptions } from './descriptions.ts'
import { type Eviction, Summons } from './summons.ts'
import { type Takers, takersOf } from './taker.ts'
import { Tickets } from './tickets.ts'

/** A session, and what takes locks on it. */
export interface Shared {
  readonly session: Session
  readonly takers: Takers
  readonly descriptions: Descriptions
}

/** The session for everything that does not wait in the server. */
export interface Main extends Shared {
  readonly tickets: Tickets
}

/** A session for one waiter, which keeps the lock it is granted there until it gives the lane back. */
export interface Lane extends Shared {
  giveBack(): void
}

export interface SessionsOptions extends Omit<SessionOptions, 'signal'> {
  /** How many sessions there may be, the main one included. */
  readonly maxConnections: number
}

const ATTEMPTS = 20
const TIMES = 2
const CANCELLED = '57014'

/** The sessions of this process: one for everything that does not wait, and a few lanes, on demand, for what does. */
export class Sessions {
  readonly stuckGuards: StuckGuards
  readonly #options: SessionsOptions
  readonly #closing = new AbortController()
  readonly #open = new Set<Promise<Session>>()
  #main: Promise<Main> | undefined
  #openMain: Main | null = null
  #idle: Shared[] = []
  #taken = 0
  #wasOpen = false
  #failure: Error | null = null
  #isWarned = false
  #evicted: (eviction: Eviction) => void = () => {}
  #opened: (session: Session) => void = () => {}

  constructor(options: SessionsOptions) {
    this.#options = options
    this.stuckGuards = new StuckGuards(options.freezeMs)
  }

  /** The shared session; a new one if the last is over. Rejects like `Session.open`. */
  async main(): Promise<Main> {
    this.#main ??= this.#startMain()
    return await this.#main
  }

  /** The shared session if it is open now: at once, and for what is not worth connecting for. */
  get openMain(): Main | null {
    return this.#openMain
  }

  /** Whether the shared session has been open before. */
  get wasOpen(): boolean {
    return this.#wasOpen
  }

  /** Why the shared session could not be opened the last time; null if it could. */
  get failure(): Error | null {
    return this.#failure
  }

  /** Asks on the shared session; again on the next if that has ended, as it may have been so before. Rejects with what a caller can act on. */
  async ask<T>(question: (session: Session) => Promise<T>): Promise<T> {
    for (let time = 1; ; time++) {
      const { session } = await this.main()
      try {
        return await question(session)
      } catch (error) {
        if (time === TIMES || !session.over.aborted) throw session.describe(error)
      }
    }
  }

  /** Calls back when a session of ours is to let go of something. */
  onEviction(told: (eviction: Eviction) => void): void {
    this.#evicted = told
  }

  /** Calls back whenever the shared session has been opened, before anything is asked on it. */
  onMain(told: (session: Session) => void): void {
    this.#opened = told
  }

  /** Null while all lanes are taken. Rejects like `Session.open`. */
  async takeLane(): Promise<Lane | null> {
    if (this.#taken >= this.#options.maxConnections - 1) return null
    this.#taken++
    try {
      this.#idle = this.#idle.filter(({ session }) => !session.over.aborted)
      const shared = this.#idle.pop() ?? (await this.#start(() => {}))
      return { ...shared, giveBack: () => this.#takeBack(shared) }
    } catch (error) {
      this.#taken--
      throw error
    }
  }

  /** A lane beyond the limit, for whoever does not wait until one is free; it is closed when it is given back. Rejects like `Session.open`. */
  async extraLane(): Promise<Lane> {
    const shared = await this.#start(() => {})
    return { ...shared, giveBack: () => void shared.session.close() }
  }

  /** Ends every session; what they hold is let go. */
  async close(): Promise<void> {
    this.#closing.abort(new ClosedError())
    const sessions = await Promise.allSettled(this.#open)
    await Promise.all(
      sessions.map((opened) => (opened.status === 'fulfilled' ? opened.value.close() : Promise.resolve())),
    )
  }

  /** A promise that this server cannot keep is said once. */
  #warn(weakened: readonly string[]): void {
    if (weakened.length > 0 && !this.#isWarned) {
      const message = `fencepost promises less on this server: ${weakened.join('; ')}`
      process.emitWarning(message, { type: 'FencepostWarning', code: 'FENCEPOST_WEAKENED' })
    }
    this.#isWarned = true
  }

  #takeBack(shared: Shared): void {
    this.#taken--
    this.#idle.push(shared)
  }

  async #startMain(): Promise<Main> {
    const ended = () => {
      this.#main = undefined
      this.#openMain = null
    }
    try {
      const opened = await this.#start(ended)
      this.#opened(opened.session)
      const main = { ...opened, tickets: new Tickets(opened.session, opened.takers) }
      this.#wasOpen = true
      this.#failure = null
      if (!opened.session.over.aborted) this.#openMain = main
      return main
    } catch (error) {
      this.#failure = asError(error)
      throw error
    }
  }

  async #start(ended: () => void): Promise<Shared> {
    const { signal } = this.#closing
    signal.throwIfAborted()
    const opened = this.#openUncancelled(signal)
    this.#open.add(opened)
    const end = () => {
      this.#open.delete(opened)
      ended()
    }
    opened.then((session) => session.whenOver(end), end)
    const session = await opened
    this.#warn(session.weakened)
    const summons = new Summons(session, (eviction) => this.#evicted(eviction))
    return { session, takers: takersOf(session), descriptions: new Descriptions(session, summons) }
  }

  /** Somebody who cancels our statements from outside says nothing about the server. */
  async #openUncancelled(signal: AbortSignal): Promise<Session> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await Session.open({ ...this.#options, signal })
      } catch (error) {
        if (attempt === ATTEMPTS || sqlState(asError(error).cause) !== CANCELLED) throw error
      }
    }
  }
}
