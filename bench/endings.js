/** What has to be ended however the run ends; last opened, first ended. */
export class Endings {
  /** @type {(() => Promise<void>)[]} */
  #ends = []
  isOver = false

  /** @param {() => Promise<void>} end may be called more than once in its life */
  add(end) {
    this.#ends.push(end)
    // Opened while everything was being ended.
    if (this.isOver) void this.all()
  }

  async all() {
    this.isOver = true
    await this.now()
  }

  /** What is open now; more may be opened. */
  async now() {
    for (let end = this.#ends.pop(); end !== undefined; end = this.#ends.pop()) {
      await end().catch((error) => process.stderr.write(`bench: ${error.message}\n`))
    }
  }
}
