import type { Keys } from '../ground/key.ts'
import { sqlState } from '../wire/sql-state.ts'
import type { Session } from '../postgres/session.ts'
import { Batch } from './batch.ts'
import { Served } from './served.ts'
import type { Takers } from './taker.ts'
import { untilDone } from './until-done.ts'
import type { Wish } from './wish.ts'

export interface Ticket {
  readonly ticket: number
  /** Nobody stands before it; null: not asked, as another of this session does. */
  readonly isNext: boolean | null
}

interface Place {
  readonly key: bigint
  readonly ticket: number
}

interface Leaving extends Place {
  /** The line key, if nobody of this session waits for the name any more; else null. */
  readonly line: bigint | null
}

interface Drawing {
  readonly wish: Wish
  readonly isGone: () => boolean
}

interface Drawn {
  readonly tickets: readonly (number | null)[]
  readonly next: readonly number[] | null
}

/** Lock not available: a table of ours is locked at the moment, by a migration say. */
const LOCKED = '55P03'
const LINE_UP = 'call fencepost.line_up($1, $2, $3, $4, $5, $6, $7, $8)'
const IS_NEXT = `
  select fencepost.is_next($1, place.key, place.served, place.ticket) as "isNext"
  from unnest($2::bigint[], $3::bigint[], $4::bigint[]) with ordinality as place (key, ticket, served, position)
  order by place.position`

/** The tickets of one session, and the line keys it holds for them. All of them are void when the session is over. */
export class Tickets {
  readonly session: Session
  readonly #takers: Takers
  readonly #count = new Map<bigint, number>()
  readonly #draw = new Batch((drawing: readonly Drawing[]) => this.#lineUp(drawing))
  readonly #isNext = new Batch((places: readonly Place[]) => this.#areNext(places))
  readonly #passOn = new Batch((places: readonly Leaving[]) => this.#passAllOn(places))
  readonly #leave = new Batch((places: readonly Leaving[]) => this.#takeAway(places))
  #listening: Promise<void> | undefined
  readonly #served = new Served()
  /** The last that was drawn here, and told. */
  #lastTicket = 0
  #told: (key: bigint, ticket: number) => void = () => {}

  constructor(session: Session, takers: Takers) {
    this.session = session
    this.#takers = takers
  }

  /** Calls back when another session says whose turn it is. */
  onTurn(told: (key: bigint, ticket: number) => void): void {
    this.#told = told
  }

  /** A place at the end of the line, in the order of the calls; null if it was gone before it had one. */
  draw(wish: Wish, isGone: () => boolean): Promise<Ticket | null> {
    return this.#draw.ask({ wish, isGone })
  }

  /** Whether nobody alive stands before this session's first ticket; takes the dead away. */
  isNext(key: bigint, ticket: number): Promise<boolean> {
    return this.#isNext.ask({ key, ticket })
  }

  /** Leaves from the head of the line and tells the next; if that is one of ours, its ticket comes back. Never rejects. */
  passOn(keys: Keys, ticket: number): Promise<number | null> {
    this.#served.note(keys.key, ticket)
    const leaving = { key: keys.key, ticket, line: this.#left(keys) }
    return untilDone(this.session, () => this.#passOn.ask(leaving))
  }

  /** The same for a ticket that has been given back already. */
  tellNext(key: bigint, ticket: number): Promise<number | null> {
    return untilDone(this.session, () => this.#passOn.ask({ key, ticket, line: null }))
  }

  /** The last ticket that is known here to have been at the head of the line, and gone. */
  servedOf(key: bigint): number {
    return this.#served.of(key)
  }

  /** Whether somebody of this session waits for the name, or is about to. */
  isInLine(key: bigint): boolean {
    return this.#count.has(key)
  }

  /** Leaves from anywhere else. Never rejects. */
  async leave(keys: Keys, ticket: number): Promise<void> {
    const leaving = { key: keys.key, ticket, line: this.#left(keys) }
    await untilDone(this.session, () => this.#leave.ask(leaving))
  }

  /** The line key, if it was the last one here that needs it. */
  #left({ key, line }: Keys): bigint | null {
    return this.#exit(key) === 0 ? line : null
  }

  #enter(key: bigint): number {
    const count = (this.#count.get(key) ?? 0) + 1
    this.#count.set(key, count)
    return count
  }

  #exit(key: bigint): number {
    const count = (this.#count.get(key) ?? 0) - 1
    if (count > 0) this.#count.set(key, count)
    else this.#count.delete(key)
    return count
  }

  /** Who is refused is asked for again, before whoever came later, unless it is gone. */
  async #lineUp(drawing: readonly Drawing[]): Promise<(Ticket | null | undefined)[]> {
    this.#listening ??= this.#listen()
    await this.#listening
    const drawn = await this.#lineUpOnce(drawing.map(({ wish }) => wish))
    return drawn.map((ticket, i) => ticket ?? (drawing[i]?.isGone() ? null : undefined))
  }

  async #listen(): Promise<void> {
    try {
      await this.session.listen((payload) => {
        const place = placeIn(payload)
        if (place !== null) this.#told(place.key, place.ticket)
      })
    } catch (error) {
      this.#listening = undefined
      throw error
    }
  }

  async #lineUpOnce(wishes: readonly Wish[]): Promise<(Ticket | null)[]> {
    // Counted before it is sent, so that nobody who leaves meanwhile lets go of the line key.
    const lines = wishes.map(({ keys }) => (this.#enter(keys.key) === 1 ? keys.line : null))
    try {
      const drawn = await this.#call(wishes, lines)
      drawn.forEach((ticket, i) => ticket === null && this.#exit((wishes[i] as Wish).keys.key))
      this.#lastTicket = drawn.reduce((last, one) => Math.max(last, one?.ticket ?? 0), this.#lastTicket)
      return drawn
    } catch (error) {
      await this.#forget(wishes)
      if (sqlState(error) === LOCKED) return wishes.map(() => null)
      throw error
    }
  }

  /** What an error leaves behind: tickets, and locks, which it does not undo. */
  async #forget(wishes: readonly Wish[]): Promise<void> {
    const values = [this.session.key, wishes.map(({ keys }) => keys.key), this.#lastTicket]
    await untilDone(this.session, () => this.session.query('select fencepost.forget_tickets($1, $2, $3)', values))
    for (const line of wishes.map(({ keys }) => this.#left(keys))) {
      if (line !== null) void this.#takers.unlockShared(line)
    }
  }

  async #call(wishes: readonly Wish[], lines: readonly (bigint | null)[]): Promise<(Ticket | null)[]> {
    const values = [
      this.session.key,
      lines,
      wishes.map(({ keys }) => keys.key),
      wishes.map(({ keys }) => this.#served.of(keys.key)),
      wishes.map(({ namespace }) => namespace),
      wishes.map(({ name }) => name),
      wishes.map(({ mode }) => mode),
      wishes.map(({ scopes }) => `{${scopes.join()}}`),
    ]
    const [row] = await this.session.query<Drawn>(LINE_UP, values, 'line_up')
    const next = row?.next == null ? null : new Set(row.next)
    return wishes.map((_, i) => {
      const ticket = row?.tickets[i] ?? null
      return ticket === null ? null : { ticket, isNext: lines[i] === null || next === null ? null : next.has(i + 1) }
    })
  }

  async #areNext(places: readonly Place[]): Promise<boolean[]> {
    const rows = await this.session.query<{ isNext: boolean }>(
      IS_NEXT,
      [this.session.key, ...columns(places), places.map(({ key }) => this.#served.of(key))],
      'is_next',
    )
    return rows.map(({ isNext }) => isNext)
  }

  async #passAllOn(places: readonly Leaving[]): Promise<(number | null)[]> {
    const [keys, tickets] = columns(places)
    const [row] = await this.session.query<{ tickets: (number | null)[] }>(
      'call fencepost.pass_on($1, $2, $3, $4)',
      [this.session.key, keys, places.map(({ line }) => line), tickets],
      'pass_on',
    )
    return row?.tickets ?? places.map(() => null)
  }

  async #takeAway(places: readonly Leaving[]): Promise<true[]> {
    const values = [this.session.key, ...columns(places), places.map(({ line }) => line)]
    await this.session.query('select fencepost.leave_line($1, $2, $3, $4)', values, 'leave_line')
    return places.map(() => true)
  }
}

function columns(places: readonly Place[]): [bigint[], number[]] {
  return [places.map(({ key }) => key), places.map(({ ticket }) => ticket)]
}

/** Anybody may notify anybody: what cannot be read, or sent to the server, is not for us. */
function placeIn(payload: string): Place | null {
  const [, digits, ticket] = /^(-?\d{1,19}):(\d{1,15})$/.exec(payload) ?? []
  if (digits === undefined) return null
  const key = BigInt(digits)
  return BigInt.asIntN(64, key) === key ? { key, ticket: Number(ticket) } : null
}
