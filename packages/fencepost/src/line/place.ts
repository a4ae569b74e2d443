import type { Tickets } from '../sessions/tickets.ts'
import type { Wish } from '../sessions/wish.ts'
import type { Way } from './granted.ts'

/** One that waits for a name, or is about to: the server's line knows it by its ticket, once it has drawn one. */
export class Place {
  readonly wish: Wish
  readonly way: Way
  /** Called when it has drawn a ticket: whoever comes from now on is served later. */
  readonly onTicket: (place: Place) => void
  /** Whose ticket it is; null until it stands in the server's line. */
  tickets: Tickets | null = null
  ticket: number | null = null
  isDrawing = false
  /** Nobody stands before it. */
  isNext = false
  isGone = false
  #settle: { call: () => void; fail: (error: unknown) => void } | undefined

  constructor({ wish, way, onTicket }: Pick<Place, 'wish' | 'way' | 'onTicket'>) {
    this.wish = wish
    this.way = way
    this.onTicket = onTicket
  }

  /** Starts to stand, without a ticket yet. Resolves when it is called, rejects when it is failed. */
  stand(tickets: Tickets): Promise<void> {
    this.tickets = tickets
    this.ticket = null
    this.isDrawing = false
    this.isNext = false
    return new Promise((resolve, reject) => (this.#settle = { call: resolve, fail: reject }))
  }

  call(): void {
    this.isNext = true
    this.#settle?.call()
  }

  /** It stands no longer. */
  fail(error: unknown): void {
    this.tickets = null
    this.ticket = null
    this.#settle?.fail(error)
  }
}
