/** Where a member of a bag is; -1: in none any more. */
export interface Seat<Member> {
  readonly member: Member
  place: number
}

/**
 * Members in no order, for thousands that come and go each second. In a `Set` they would stay in memory long after: V8 links each
 * table of a set that has changed much to the next, so that one dead table which has grown old keeps all later ones.
 */
export class Bag<Member> implements Iterable<Member> {
  readonly #seats: Seat<Member>[] = []

  add(member: Member): Seat<Member> {
    const seat = { member, place: this.#seats.length }
    this.#seats.push(seat)
    return seat
  }

  /** Does nothing the second time. */
  remove(seat: Seat<Member>): void {
    const last = this.#seats.at(-1)
    if (seat.place === -1 || last === undefined) return
    this.#seats[seat.place] = last
    last.place = seat.place
    this.#seats.pop()
    seat.place = -1
  }

  /** Those who are in it now, whoever comes or goes meanwhile. */
  [Symbol.iterator](): Iterator<Member> {
    return this.#seats.map(({ member }) => member)[Symbol.iterator]()
  }
}
