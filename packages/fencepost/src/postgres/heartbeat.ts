import type { Connection } from './connection.ts'

const BEAT_MS = 1000
const ANSWER_MS = 2000
const IDLE_MS = 10_000

/**
 * Shows the server that we are alive, and us that it is: a beat each second and two more for its answer, so a holder
 * that is cut off gives up before the server can let go (5 s at the earliest); within three quarters of a shorter
 * freeze limit. A connection that nobody has used for 10 s is given back.
 */
export class Heartbeat {
  readonly #connection: Connection
  readonly #timer: NodeJS.Timeout
  readonly #answerMs: number
  #isBeating = false
  #usedAt = performance.now()

  /** @param freezeMs 0: the server never lets go of a frozen process. */
  constructor(connection: Connection, freezeMs: number) {
    const limitMs = freezeMs || Number.POSITIVE_INFINITY
    this.#connection = connection
    this.#answerMs = Math.min(ANSWER_MS, limitMs / 2)
    this.#timer = setInterval(() => void this.#beat(), Math.min(BEAT_MS, limitMs / 4)).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async #beat(): Promise<void> {
    if (this.#isBeating) return
    if (this.#connection.isUsed) this.#usedAt = performance.now()
    if (performance.now() - this.#usedAt > IDLE_MS) return await this.#connection.close()

    this.#isBeating = true
    await this.#answer()
    this.#isBeating = false
  }

  async #answer(): Promise<void> {
    let isOpen = true
    const giveUp = () => {
      // A loop that was blocked comes here before it reads what has arrived meanwhile: one turn more, or a process
      // that was frozen for three seconds would lose what the server has not taken from it.
      setImmediate(() => {
        if (isOpen) this.#connection.destroy(new Error(`no answer from the server within ${this.#answerMs} ms`))
      })
    }
    const deadline = setTimeout(giveUp, this.#answerMs).unref()
    await this.#connection.query('select 1').catch(() => {})
    isOpen = false
    clearTimeout(deadline)
  }
}
