import { type Keys, tokenKeyOf } from '../ground/key.ts'
import type { Mode } from '../ground/mode.ts'
import {
  hasForeign,
  isForeignWanted,
  type KeysWithForeign,
  takeForeign,
  unlockForeign,
} from '../foreign/foreign-calls.ts'
import type { Session } from '../postgres/session.ts'
import { readGrants, Ticks, type Token, type Wish } from './ticks.ts'

/** Takes locks of one mode on one session, and lets go of them. */
export interface Taker {
  /**
   * Null means busy. Nothing is held if it rejects.
   *
   * @param line the line key, on which others must not be waiting; null for whoever is the first of them.
   */
  try(keys: Keys, line: bigint | null): Promise<Token | null>
  /** Never rejects: a session that cannot be told is ended, and the server lets go of all it held. */
  release(keys: Keys, token: number): Promise<void>
}

/** The takers of a session, and how it lets go of other shared keys. */
export interface Takers extends Record<Mode, Taker> {
  unlockShared(key: bigint): Promise<void>
}

const COLLECT = 'select fencepost.collect_shared_tokens()'
/** Twice as many rows are looked at as may have come meanwhile. */
const COLLECT_EVERY = 100

export function takersOf(session: Session): Takers {
  const shared = new Ticks(session, 'shared')
  return {
    exclusive: new ExclusiveTaker(new Ticks(session, 'exclusive'), session),
    shared: new SharedTaker(shared, session),
    unlockShared: (key) => shared.release(key),
  }
}

/** The caller sees to it that a session never asks for what it has: a backend does not stand in its own way. */
class ExclusiveTaker implements Taker {
  readonly #ticks: Ticks
  readonly #session: Session

  constructor(ticks: Ticks, session: Session) {
    this.#ticks = ticks
    this.#session = session
  }

  try(keys: Keys, line: bigint | null): Promise<Token | null> {
    return hasForeign(keys)
      ? tryForeign(this.#session, { keys, mode: 'exclusive', line })
      : this.#ticks.try({ keys, line, known: null })
  }

  release(keys: Keys, token: number): Promise<void> {
    // The token first: who still has it is refused from then on.
    const released = this.#ticks.release(tokenKeyOf(keys, token), keys.key)
    return hasForeign(keys) ? released.then(() => unlockForeign(this.#session, keys, 'exclusive')) : released
  }
}

interface Held extends Token {
  holders: number
}

/** Any number of holders here, one hold on the server: that is taken with the first and let go of with the last. */
class SharedTaker implements Taker {
  readonly #ticks: Ticks
  readonly #session: Session
  readonly #held = new Map<bigint, Held>()
  /** Names whose hold on the server is being taken or let go of. */
  readonly #changing = new Map<bigint, Promise<unknown>>()
  #taken = 0

  constructor(ticks: Ticks, session: Session) {
    this.#ticks = ticks
    this.#session = session
  }

  async try(keys: Keys, line: bigint | null): Promise<Token | null> {
    while (this.#changing.has(keys.key)) await this.#changing.get(keys.key)
    const held = this.#held.get(keys.key)
    if (held !== undefined) return await this.#join(held, keys, line)

    return await this.#change(keys.key, this.#take(keys, line))
  }

  async release(keys: Keys, token: number): Promise<void> {
    const held = this.#held.get(keys.key)
    if (held !== undefined && --held.holders > 0) return
    this.#held.delete(keys.key)
    await this.#change(keys.key, this.#letGo(keys, token))
  }

  async #letGo(keys: Keys, token: number): Promise<void> {
    await this.#ticks.release(tokenKeyOf(keys, token), keys.key)
    if (hasForeign(keys)) await unlockForeign(this.#session, keys, 'shared')
  }

  async #take(keys: Keys, line: bigint | null): Promise<Token | null> {
    const grant = await this.#ask({ keys, line, known: null })
    if (grant !== null) this.#held.set(keys.key, { ...grant, holders: 1 })
    if (grant !== null && ++this.#taken % COLLECT_EVERY === 0) this.#collect()
    return grant
  }

  /** Names that were shared once leave a row each, which goes when others are shared; a failure is made up for by the next. */
  #collect(): void {
    this.#session.query(COLLECT, [], 'collect shared tokens').catch(() => {})
  }

  /** Counted from the start, so that nobody lets go of it meanwhile. */
  async #join(held: Held, keys: Keys, line: bigint | null): Promise<Token | null> {
    held.holders++
    let grant: Token | null = null
    try {
      grant = await this.#ask({ keys, line, known: held.token })
      return grant
    } finally {
      if (grant === null) await this.release(keys, held.token)
    }
  }

  /** Readers who ask at the same moment are not busy for each other: it is asked again. */
  async #ask(wish: Wish): Promise<Token | null> {
    for (;;) {
      const grant = await this.#askOnce(wish)
      if (grant?.token !== 0) return grant
    }
  }

  #askOnce(wish: Wish): Promise<Token | null> {
    const { keys } = wish
    return hasForeign(keys) ? this.#askForeign(keys, wish) : this.#ticks.try(wish)
  }

  /** A foreign key is taken with the first hold; whoever joins has it, unless a writer of another program waits. */
  async #askForeign(keys: KeysWithForeign, wish: Wish): Promise<Token | null> {
    if (wish.known === null) return await tryForeign(this.#session, { keys, mode: 'shared', line: wish.line })
    return (await isForeignWanted(this.#session, keys)) ? null : await this.#ticks.try(wish)
  }

  async #change<T>(key: bigint, change: Promise<T>): Promise<T> {
    const settled = change.catch(() => {}).then(() => this.#changing.delete(key))
    this.#changing.set(key, settled)
    return await change
  }
}

async function tryForeign(session: Session, wanted: Parameters<typeof takeForeign>[1]): Promise<Token | null> {
  const [grant] = readGrants(await takeForeign(session, wanted))
  return grant ?? null
}
