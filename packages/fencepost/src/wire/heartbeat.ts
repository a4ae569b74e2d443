import type { Connection } from './connection.ts'

const BEAT_MS = 750
const ANSWER_MS = 2000
const IDLE_MS = 10_000
const LOOKS = 10
const LOOKS_A_BEAT = 3
/** Of a beat, how much may pass in silence: with the look before it and the wait for an answer, 3 s at the most. */
const DUE = 0.9

/**
 * Shows the server that we are alive, and us that it is: a beat after 0.75 s of silence, and 2 s for an answer, so a holder that is cut off
 * gives up within 3 s, before the server can let go (5 s at the earliest); within 80 % of a shorter freeze limit.
 * Nothing is sent while nobody uses the connection, and after 10 s of that it is given back.
 */
export class Heartbeat {
  readonly #connection: Connection
  readonly #beatMs: number
  readonly #answerMs: number
  readonly #idleMs: number
  #isBeating = false

  /** Beats until the connection is over. @param freezeMs 0: the server never lets go of a frozen process. */
  static start(connection: Connection, freezeMs: number): void {
    if (connection.over.aborted) return
    const heartbeat = new Heartbeat(connection, freezeMs)
    const timer = setInterval(() => void heartbeat.#beat(), heartbeat.#beatMs / LOOKS_A_BEAT).unref()
    connection.over.addEventListener('abort', () => clearInterval(timer), { once: true })
  }

  private constructor(connection: Connection, freezeMs: number) {
    const limitMs = freezeMs || Number.POSITIVE_INFINITY
    this.#connection = connection
    this.#beatMs = Math.min(BEAT_MS, limitMs / 4)
    this.#answerMs = Math.min(ANSWER_MS, limitMs / 2)
    this.#idleMs = Math.min(IDLE_MS, limitMs / 2)
  }

  async #beat(): Promise<void> {
    // Timers of a frozen process do not run.
    if (this.#connection.isFrozen) return
    const { idleMs } = this.#connection
    if (idleMs > this.#idleMs) return await this.#connection.close()
    // Any answer is a beat: the server has heard of us, and we of it.
    if (idleMs > 0 || this.#isBeating || this.#connection.silentMs < this.#beatMs * DUE) return

    this.#isBeating = true
    const watch = this.#watch(performance.now())
    await this.#connection.query('select 1').catch(() => {})
    clearInterval(watch)
    this.#isBeating = false
  }

  /** Gives up when nothing at all has been answered for so long: a beat may stand behind many statements of others. */
  #watch(sentAt: number): NodeJS.Timeout {
    const look = () => {
      const silentMs = Math.min(performance.now() - sentAt, this.#connection.silentMs)
      if (!this.#isBeating || this.#connection.isFrozen || silentMs < this.#answerMs) return
      this.#connection.destroy(new Error(`no answer from the server within ${this.#answerMs} ms`))
    }
    // A loop that was blocked comes here before it reads what has arrived meanwhile: one turn more, or a process that
    // was frozen for three seconds would lose what the server has not taken from it.
    return setInterval(() => setImmediate(look), this.#answerMs / LOOKS).unref()
  }
}
