interface Asked<Item, Answer> {
  readonly item: Item
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

const AGAIN_MS = 2

/** Has answered together what is asked for within one tick of the event loop. One batch after the other, so in order. */
export class Batch<Item, Answer> {
  readonly #send: (items: readonly Item[]) => Promise<readonly (Answer | undefined)[]>
  #asked: Asked<Item, Answer>[] = []
  #isBusy = false

  /** @param send answers item by item, or rejects for all of them. Undefined: asked again, before whatever came later. */
  constructor(send: (items: readonly Item[]) => Promise<readonly (Answer | undefined)[]>) {
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
      const again = await this.#sendAll()
      const isAlone = again.length > 0 && this.#asked.length === 0
      this.#asked.unshift(...again)
      if (isAlone) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
    }
    this.#isBusy = false
  }

  async #sendAll(): Promise<Asked<Item, Answer>[]> {
    const asked = this.#asked
    this.#asked = []
    try {
      const answers = await this.#send(asked.map(({ item }) => item))
      return asked.filter(({ resolve }, i) => {
        const answer = answers[i]
        if (answer !== undefined) resolve(answer)
        return answer === undefined
      })
    } catch (error) {
      for (const { reject } of asked) reject(error)
      return []
    }
  }
}
