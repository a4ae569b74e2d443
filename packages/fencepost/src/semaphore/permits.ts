import { asError } from '../ground/as-error.ts'
import { type Keys, keysOf } from '../ground/key.ts'
import { Batch } from '../sessions/batch.ts'
import type { Main } from '../sessions/sessions.ts'
import type { Token } from '../sessions/ticks.ts'

/** What a permit is asked for with: those who ask alike are answered together. */
interface Asked {
  readonly main: Main
  readonly permits: number
  readonly replaces: number | null
  readonly isFirst: boolean
  /** Of whoever gives up before it can be told. */
  readonly signal: AbortSignal
}

export interface Taken {
  readonly number: number
  readonly grant: Token
  /** None of the tickets up to this one is in line any more. */
  readonly served: number
}

/** None is free; `stuck` are the gates of those that nobody holds, but through which a guarded transaction has passed. */
export interface NoneFree {
  readonly stuck: readonly bigint[]
}

type Answer = Taken | NoneFree | { readonly failure: unknown }

interface Row {
  /** Null: it cannot be told now. */
  readonly numbers: readonly number[] | null
  readonly tokens: readonly number[] | null
  readonly seen: string
  /** An array as text: a number cannot tell all keys. */
  readonly stuck: string | null
  readonly drawn: string
}

interface Told extends Row {
  /** As in `Taken`. */
  readonly served: number
}

const TAKE = `
  select numbers::bigint[], tokens, seen, stuck::text, drawn
  from fencepost.take_permits($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
const NONE_FREE: NoneFree = { stuck: [] }
const FORGET = 'select fencepost.forget_permits($1, $2, $3, $4)'
const CALL_FIRST = 'select fencepost.call_first($1, array[$2::bigint], array[$3::bigint])'

/**
 * The permits of one semaphore that this process has, and how it takes more: one statement at a time, as a backend that asked for a
 * number twice at once would be granted it twice.
 */
export class Permits {
  readonly name: string
  readonly namespace: string
  /** In which each permit is a lock. */
  readonly lockNamespace: string
  /** Of the line. */
  readonly keys: Keys
  readonly #held = new Set<number>()
  readonly #take = new Batch((asked: readonly Asked[]) => this.#takeAll(asked))
  readonly #unused: () => void
  #users = 0
  readonly #callFirst = new Batch((told: readonly { main: Main; served: number }[]) => this.#callOnce(told))

  /** @param unused called when none is held or asked for any more. */
  constructor(named: { name: string; namespace: string }, unused: () => void) {
    this.name = named.name
    this.namespace = named.namespace
    this.lockNamespace = `${named.namespace}/semaphore`
    this.keys = keysOf(named.name, `${named.namespace}/semaphore/line`)
    this.#unused = unused
  }

  /** For as long as somebody may ask for one. */
  use(): Disposable {
    this.#users++
    return {
      [Symbol.dispose]: () => {
        this.#users--
        this.#settle()
      },
    }
  }

  /** Whether this process has all of the first so many: then only its own releases matter. */
  hasAll(permits: number): boolean {
    return [...this.#held].filter((number) => number <= permits).length >= permits
  }

  async take(asked: Asked): Promise<Taken | NoneFree> {
    const answer = await this.#take.ask(asked)
    if ('failure' in answer) throw answer.failure
    return answer
  }

  /** For what the server has let go of. */
  leave(number: number): void {
    this.#held.delete(number)
    this.#settle()
  }

  /** Tells whoever is first in line, if that is somebody else's; who is not told finds out by itself. Never rejects. */
  async callFirst(main: Main, known: number): Promise<void> {
    const served = Math.max(known, main.tickets.servedOf(this.keys.key))
    await this.#callFirst.ask({ main, served }).catch(() => {})
  }

  #settle(): void {
    if (this.#users === 0 && this.#held.size === 0) this.#unused()
  }

  async #takeAll(asked: readonly Asked[]): Promise<(Answer | undefined)[]> {
    const [first] = asked as [Asked]
    const alike = asked.filter((one) => isAlike(one, first))
    let row: Told
    try {
      row = await this.#ask(first, alike.length)
    } catch (failure) {
      return asked.map((one) => (alike.includes(one) ? { failure } : undefined))
    }
    if (row.numbers === null) return asked.map(({ signal }) => (signal.aborted ? NONE_FREE : undefined))
    const answers = new Map(alike.map((one, i) => [one, this.#answer(row, i)]))
    return asked.map((one) => answers.get(one))
  }

  #answer({ numbers, tokens, seen, stuck, served }: Told, i: number): Answer {
    const number = numbers?.[i]
    if (number === undefined) return { stuck: (stuck?.match(/-?\d+/g) ?? []).map(BigInt) }
    this.#held.add(number)
    return { number, grant: { token: tokens?.[i] ?? 0, seen }, served }
  }

  async #ask({ main, permits, replaces, isFirst }: Asked, wanted: number): Promise<Told> {
    const { session, tickets } = main
    const { key } = this.keys
    const held = [...this.#held]
    const said = [this.namespace, this.name, permits, replaces]
    const served = tickets.servedOf(key)
    // Then it may be granted while others wait.
    const isInLine = tickets.isInLine(key)
    try {
      const values = [session.key, key, ...said, isFirst, held, served, wanted]
      const [row] = (await session.query<Row>(TAKE, values, 'take_permits')) as [Row]
      return { ...row, served: isInLine ? served : Number(row.drawn) }
    } catch (error) {
      await session.query(FORGET, [this.namespace, this.name, permits, held]).catch((failed: unknown) => {
        session.destroy(new Error('the session could not be cleared', { cause: asError(failed) }))
      })
      throw error
    }
  }

  async #callOnce(told: readonly { main: Main; served: number }[]): Promise<true[]> {
    const { session } = (told.at(-1) as (typeof told)[0]).main
    const served = Math.min(...told.map((one) => one.served))
    await session.query(CALL_FIRST, [session.key, this.keys.key, served], 'call_first')
    return told.map(() => true)
  }
}

function isAlike(one: Asked, other: Asked): boolean {
  const isSaidAlike = one.permits === other.permits && one.replaces === other.replaces
  return isSaidAlike && one.main === other.main && one.isFirst === other.isFirst
}
