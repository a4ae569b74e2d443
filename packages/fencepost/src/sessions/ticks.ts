import type { Keys } from '../ground/key.ts'
import type { Mode } from '../ground/mode.ts'
import { asError } from '../postgres/driver-error.ts'
import type { Session } from '../postgres/session.ts'

/** A token, and when it was granted, in microseconds on the server's clock. */
export interface Token {
  readonly token: number
  readonly grantedUs: number
}

/** What is asked for: `line` is null for whoever is first in it, `known` the token of a shared lock this session has already. */
export interface Wish {
  readonly keys: Keys
  readonly line: bigint | null
  readonly known: number | null
}

interface Try extends Wish {
  readonly resolve: (grant: Token | null) => void
  readonly reject: (error: unknown) => void
}

interface Release {
  readonly unlock: readonly bigint[]
  readonly resolve: () => void
}

const IN_FLIGHT = 2
const TEXT = {
  exclusive: 'select fencepost.tick($1, $2, $3, $4) as tokens',
  shared: 'select fencepost.tick_shared($1, $2, $3, $4, $5) as tokens',
}
const UNLOCK = {
  exclusive: 'select pg_advisory_unlock(key) from unnest($1::bigint[]) as key',
  shared: 'select pg_advisory_unlock_shared(key) from unnest($1::bigint[]) as key',
}

/**
 * Sends what a process wants of its shared session in one tick as one statement for each mode: the more is wanted, the fewer
 * round trips each takes. Nothing in it waits in the server. At most two statements are under way; meanwhile the next one grows.
 */
export class Ticks {
  readonly #session: Session
  readonly #mode: Mode
  #tries: Try[] = []
  #releases: Release[] = []
  #inFlight = 0
  #isDue = false

  constructor(session: Session, mode: Mode) {
    this.#session = session
    this.#mode = mode
  }

  /** Takes a name if it is free at once; null means busy. Nothing is held if it rejects. */
  try(wish: Wish): Promise<Token | null> {
    return new Promise((resolve, reject) => {
      this.#tries.push({ ...wish, resolve, reject })
      this.#plan()
    })
  }

  /** Lets go of keys. Never rejects: a session that cannot be told is ended, and the server lets go of all it held. */
  release(...unlock: bigint[]): Promise<void> {
    return new Promise((resolve) => {
      this.#releases.push({ unlock, resolve })
      this.#plan()
    })
  }

  /** After the microtasks that run now: whatever follows from one answer travels together. */
  #plan(): void {
    if (this.#isDue || this.#inFlight === IN_FLIGHT) return
    this.#isDue = true
    process.nextTick(() => void this.#send())
  }

  async #send(): Promise<void> {
    const [tries, releases] = [this.#tries, this.#releases]
    this.#tries = []
    this.#releases = []
    this.#isDue = false
    this.#inFlight++
    try {
      const grants = await this.#ask(releases, tries)
      for (const { resolve } of releases) resolve()
      tries.forEach(({ resolve }, i) => resolve(grants[i] ?? null))
    } catch (error) {
      await this.#recover(releases, tries, error)
    } finally {
      this.#inFlight--
      if (this.#tries.length + this.#releases.length > 0) this.#plan()
    }
  }

  async #ask(releases: readonly Release[], tries: readonly Try[]): Promise<(Token | null)[]> {
    const values: unknown[] = [
      releases.flatMap(({ unlock }) => unlock),
      tries.map(({ keys }) => keys.key),
      tries.map(({ keys }) => keys.gate),
      tries.map(({ line }) => line),
    ]
    if (this.#mode === 'shared') values.push(tries.map(({ known }) => known))
    const [row] = await this.#session.query<{ tokens: (number | null)[] }>(
      TEXT[this.#mode],
      values,
      `tick ${this.#mode}`,
    )
    const [grantedUs = 0, ...tokens] = (row?.tokens ?? []).toReversed()
    return tokens.toReversed().map((token) => (token === null ? null : { token, grantedUs: Number(grantedUs) }))
  }

  /**
   * An error undoes no session lock: what had been granted is let go of, once more from here as the error may have come
   * after the function. Then each is asked for alone, so that nobody fails for another.
   */
  async #recover(releases: readonly Release[], tries: readonly Try[], error: unknown): Promise<void> {
    const taken = tries.filter(({ known }) => known === null).map(({ keys }) => keys.key)
    const unlock = [...releases.flatMap((release) => release.unlock), ...taken]
    try {
      await this.#session.query(UNLOCK[this.#mode], [unlock])
    } catch (failed) {
      this.#session.destroy(new Error('the session could not be cleared', { cause: asError(failed) }))
    }
    for (const { resolve } of releases) resolve()
    if (tries.length === 1 || this.#session.over.aborted) return tries.forEach(({ reject }) => reject(error))
    for (const one of tries) await this.#alone(one)
  }

  async #alone(one: Try): Promise<void> {
    try {
      const [grant] = await this.#ask([], [one])
      one.resolve(grant ?? null)
    } catch (error) {
      await this.#recover([], [one], error)
    }
  }
}
