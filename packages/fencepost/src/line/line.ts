import { orAborted } from '../ground/abort.ts'
import type { Main } from '../sessions/sessions.ts'
import type { Ticket, Tickets } from '../sessions/tickets.ts'
import type { Wish } from '../sessions/wish.ts'
import { Place } from './place.ts'

const URGENT_LOOK_MS = 200
/** How many of these looks are one of those who are not urgent. */
const LOOKS = 5

/** Whom somebody says to be the next. */
interface Called {
  readonly tickets: Tickets
  readonly key: bigint
  readonly ticket: number
}

/**
 * Those of this process who wait, name by name, in the order of their calls:
 *
 *     enter ──▶ stand: draws a ticket ──▶ is called: nobody stands before it ──▶ leave: the next is called
 *                                          by whoever left, or by a look, as that one may have died
 */
export class Line {
  readonly #nudge: (key: bigint) => void
  readonly #places = new Map<bigint, Place[]>()
  #early: Called[] = []
  #looking: NodeJS.Timeout | undefined
  #looks = 0
  /** Tickets that are being drawn or given back. */
  #unsettled = 0
  #tellEmpty: () => void = () => {}

  /** @param nudge called when another session tells that the name of a key may be free. */
  constructor(nudge: (key: bigint) => void) {
    this.#nudge = nudge
  }

  isEmpty(key: bigint): boolean {
    return !this.#places.has(key)
  }

  /** Resolves once nobody waits any more and no ticket is left. */
  async emptied(): Promise<void> {
    const told = new Promise<void>((resolve) => (this.#tellEmpty = resolve))
    this.#settle()
    await told
  }

  /** A place behind all who came before. Until it stands, nobody behind it does. */
  enter(asked: Pick<Place, 'wish' | 'way' | 'onTicket'>): Place {
    const place = new Place(asked)
    const { key } = asked.wish.keys
    const places = this.#places.get(key)
    if (places === undefined) this.#places.set(key, [place])
    else places.push(place)
    return place
  }

  /** Whether nobody of this process came before it. */
  isFirst(place: Place): boolean {
    return this.#places.get(place.wish.keys.key)?.[0] === place
  }

  /** Waits until it is called. Rejects with the signal's reason, or as the session that has the ticket is lost. */
  async stand(place: Place, { session, tickets }: Main, signal: AbortSignal): Promise<void> {
    tickets.onTurn((key, ticket) => this.#tell({ tickets, key, ticket }))
    this.#looking ??= setInterval(() => this.#look(), URGENT_LOOK_MS).unref()
    const lose = () => place.fail(session.over.reason)
    const seat = session.whenOver(lose)
    try {
      const called = place.stand(tickets)
      this.#draw(place.wish.keys.key)
      await orAborted(called, signal)
    } finally {
      session.notWhenOver(seat)
    }
  }

  /** Gives the place back, whether the lock was granted or not; nothing of it stays in the line. */
  leave(place: Place): void {
    const { key } = place.wish.keys
    const places = this.#places.get(key) ?? []
    place.isGone = true
    places.splice(places.indexOf(place), 1)
    if (places.length === 0) this.#places.delete(key)
    if (this.#places.size === 0) {
      clearInterval(this.#looking)
      this.#looking = undefined
    }
    if (place.tickets !== null) void this.#giveBack(place)
    this.#draw(key)
    this.#settle()
  }

  async #giveBack({ tickets, ticket, isNext, wish }: Place): Promise<void> {
    if (tickets === null || ticket === null || tickets.session.over.aborted) return
    this.#unsettled++
    if (isNext) await this.#passOn(tickets, wish, ticket)
    else await tickets.leave(wish.keys, ticket)
    this.#unsettled--
    this.#settle()
  }

  async #passOn(tickets: Tickets, { keys }: Wish, ticket: number): Promise<void> {
    const next = await tickets.passOn(keys, ticket)
    if (next !== null) this.#tell({ tickets, key: keys.key, ticket: next })
  }

  #settle(): void {
    if (this.#places.size === 0 && this.#unsettled === 0) this.#tellEmpty()
  }

  /** Who gave up before it heard of its ticket may have been the one before somebody who waits to be told. */
  async #giveBackUnseen(tickets: Tickets, wish: Wish, { ticket, isNext }: Ticket): Promise<void> {
    const wasNext = isNext ?? (await tickets.isNext(wish.keys.key, ticket).catch(() => true))
    if (wasNext) await this.#passOn(tickets, wish, ticket)
    else await tickets.leave(wish.keys, ticket)
  }

  /** From the front, as far as all stand: tickets are drawn in the order of the calls. */
  #draw(key: bigint): void {
    for (const place of this.#places.get(key) ?? []) {
      if (place.tickets === null || place.tickets.session.over.aborted) return
      if (!place.isDrawing) void this.#drawFor(place, place.tickets)
    }
  }

  async #drawFor(place: Place, tickets: Tickets): Promise<void> {
    place.isDrawing = true
    this.#unsettled++
    try {
      const isGone = () => place.isGone || place.tickets !== tickets
      const drawn = await tickets.draw(place.wish, isGone)
      if (drawn === null) return
      const { ticket, isNext } = drawn
      if (isGone()) return await this.#giveBackUnseen(tickets, place.wish, drawn)
      place.ticket = ticket
      place.onTicket(place)
      if (isNext === true) place.call()
      else if (isNext === null && this.isFirst(place)) await this.#check(place)
    } catch (error) {
      if (place.tickets === tickets) place.fail(error)
    } finally {
      this.#unsettled--
      for (const called of this.#early.splice(0)) this.#tell(called)
      this.#settle()
    }
  }

  /** Who has the ticket may have left by now, or not have heard yet that it has it. */
  #tell(called: Called): void {
    const { tickets, key, ticket } = called
    const places = (this.#places.get(key) ?? []).filter((place) => place.tickets === tickets && place.isDrawing)
    const told = places.find((place) => place.ticket === ticket)
    if (told !== undefined) {
      told.call()
      // Called before, it watches by now, and may have no connection for that.
      return this.#nudge(key)
    }
    if (places.some((place) => place.ticket === null)) return void this.#early.push(called)
    void tickets.tellNext(key, ticket).then((next) => next !== null && this.#tell({ tickets, key, ticket: next }))
  }

  #look(): void {
    const isForAll = ++this.#looks % LOOKS === 0
    for (const [first] of this.#places.values()) {
      if (first !== undefined && (isForAll || first.wish.isUrgent)) void this.#check(first)
    }
  }

  async #check(place: Place): Promise<void> {
    const { tickets, ticket, isNext, wish } = place
    if (tickets === null || ticket === null || isNext) return
    const isTurn = await tickets.isNext(wish.keys.key, ticket).catch(() => false)
    if (isTurn && place.ticket === ticket) place.call()
  }
}
