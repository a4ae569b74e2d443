import type { Keys } from '../ground/key.ts'
import type { Mode } from '../ground/mode.ts'
import type { Parameter } from '../wire/question.ts'
import { asError } from '../ground/as-error.ts'
import type { Session } from '../postgres/session.ts'
import { int8Array, parseInt8Array } from '../wire/int8-array.ts'

/** A token, and what had ended when it was granted, as a `pg_snapshot`. */
export interface Token {
  readonly token: number
  readonly seen: string
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

const IN_FLIGHT = 3
/** Of tries and of releases in one statement. All in one, and this process and the server would wait for each other by turns. */
const MOST = 64
const TEXT = {
  exclusive: 'select fencepost.tick($1, $2, $3, $4) as tokens',
  shared: 'select fencepost.tick_shared($1, $2, $3, $4, $5) as tokens',
}
const TAKE = 'select fencepost.take($1, $2, $3) as grant'
/** The lock table is read once for all: it may be long, and mostly none of them is held. */
const FORGET = `
  select fencepost.forget(one.key, one.gate)
  from unnest($1::bigint[], $2::bigint[]) as one (key, gate)
  join fencepost.held_keys(pg_backend_pid()) as held on held.key = one.key`
const LET_GO = {
  exclusive: 'select pg_advisory_unlock($1), pg_advisory_unlock($2)',
  shared: 'select pg_advisory_unlock_shared($1), pg_advisory_unlock_shared($2)',
}
const UNLOCK = {
  exclusive: 'select pg_advisory_unlock(key) from unnest($1::bigint[]) as key',
  shared: 'select pg_advisory_unlock_shared(key) from unnest($1::bigint[]) as key',
}

/**
 * Sends what a process wants of its shared session in one tick as one statement for each mode: the more is wanted, the fewer
 * round trips each takes. Nothing in it waits in the server. At most three statements are under way; meanwhile the next one grows.
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
  try({ keys, line, known }: Wish): Promise<Token | null> {
    return new Promise((resolve, reject) => {
      this.#tries.push({ keys, line, known, resolve, reject })
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

  #planIfWanted(): void {
    if (this.#tries.length + this.#releases.length > 0) this.#plan()
  }

  async #send(): Promise<void> {
    const [tries, releases] = [this.#tries.slice(0, MOST), this.#releases.slice(0, MOST)]
    this.#tries = this.#tries.slice(MOST)
    this.#releases = this.#releases.slice(MOST)
    this.#isDue = false
    this.#inFlight++
    this.#planIfWanted()
    try {
      const grants = await this.#ask(releases, tries)
      for (const { resolve } of releases) resolve()
      tries.forEach(({ resolve }, i) => resolve(grants[i] ?? null))
    } catch (error) {
      await this.#recover(releases, tries, error)
    } finally {
      this.#inFlight--
      this.#planIfWanted()
    }
  }

  async #ask(releases: readonly Release[], tries: readonly Try[]): Promise<(Token | null)[]> {
    const [one, release] = [tries[0], releases[0]]
    if (release !== undefined && one === undefined && releases.length === 1) return await this.#letGoOfOne(release)
    if (one !== undefined && release === undefined && tries.length === 1 && this.#mode === 'exclusive')
      return await this.#takeOne(one)
    const values = [
      int8Array(releases.flatMap(({ unlock }) => unlock)),
      int8Array(tries.map(({ keys }) => keys.key)),
      int8Array(tries.map(({ keys }) => keys.gate)),
      int8Array(tries.map(({ line }) => line)),
    ]
    if (this.#mode === 'shared')
      values.push(int8Array(tries.map(({ known }) => (known === null ? null : BigInt(known)))))
    return await this.#grants(TEXT[this.#mode], values, `tick ${this.#mode}`)
  }

  /** One alone is what there is most often, and costs the server less than half of a tick. */
  async #takeOne({ keys, line }: Try): Promise<(Token | null)[]> {
    const values = [String(keys.key), String(keys.gate), line === null ? null : String(line)]
    return await this.#grants(TAKE, values, 'take')
  }

  async #letGoOfOne({ unlock: [first, second] }: Release): Promise<[]> {
    const values = [String(first), second === undefined ? null : String(second)]
    await this.#session.ask(LET_GO[this.#mode], values, `let go ${this.#mode}`)
    return []
  }

  async #grants(text: string, values: readonly Parameter[], name: string): Promise<(Token | null)[]> {
    return readGrants(await this.#session.ask(text, values, name))
  }

  /**
   * An error undoes no session lock: what had been granted is let go of, once more from here as the error may have come
   * after the function. Then each is asked for alone, so that nobody fails for another.
   */
  async #recover(releases: readonly Release[], tries: readonly Try[], error: unknown): Promise<void> {
    const unlock = releases.flatMap((release) => release.unlock)
    // What was held before stays: only its line was looked at.
    const taken = tries.filter(({ known }) => known === null).map(({ keys }) => keys)
    const both = [taken.map(({ key }) => key), taken.map(({ gate }) => gate)]
    try {
      await Promise.all([this.#session.query(UNLOCK[this.#mode], [unlock]), this.#session.query(FORGET, both)])
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

/** `{1,NULL,3} 7:9:8`: a token for each, null for busy, and the snapshot of them all; null for a single one that is busy. */
export function readGrants(answer: string | null): (Token | null)[] {
  const [tokens = '{}', seen = ''] = answer?.split(' ') ?? []
  return parseInt8Array(tokens).map((token) => (token === null ? null : { token, seen }))
}
