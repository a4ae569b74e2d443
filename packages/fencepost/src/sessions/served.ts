const MOST = 10_000

/** The last ticket of each name that was at the head of its line, as far as it is known here: nobody stands before it any more. */
export class Served {
  readonly #last = new Map<bigint, number>()

  of(key: bigint): number {
    return this.#last.get(key) ?? 0
  }

  note(key: bigint, ticket: number): void {
    // The one that was noted longest ago goes first.
    this.#last.delete(key)
    this.#last.set(key, ticket)
    if (this.#last.size <= MOST) return
    for (const oldest of this.#last.keys()) {
      this.#last.delete(oldest)
      return
    }
  }
}
