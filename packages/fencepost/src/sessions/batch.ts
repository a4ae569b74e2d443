interface Asked<Item, Answer> {
  readonly item: Item
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

/** Has answered together what is asked for within one tick of the event loop. One batch after the other, so in order. */
export class Batch<Item, Answer> {
  readonly #send: (items: readonly Item[]) => Promise<readonly Answer[]>
  #asked: Asked<Item, Answer>[] = []
  #isBusy = false

  /** @param send answers item by item, or rejects for all of them. */
  constructor(send: (items: readonly Item[]) => Promise<readonly Answer[]>) {
    this.#send = send
  }

  ask(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ item, resolve, reject })
      if (this.#isBusy) return
      this.#isBusy = true
      process.nextTick(() => void this.#work())
    })
  }

  async #work(): Promise<void> {
    while (this.#asked.length > 0) {
      const asked = this.#asked
      this.#asked = []
      try {
        const answers = await this.#send(asked.map(({ item }) => item))
        asked.forEach(({ resolve }, i) => resolve(answers[i] as Answer))
      } catch (error) {
        for (const { reject } of asked) reject(error)
      }
    }
    this.#isBusy = false
  }
}
