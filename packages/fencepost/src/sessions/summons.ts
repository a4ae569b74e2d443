import type { Session } from '../postgres/session.ts'
import { untilDone } from './until-done.ts'

/** What a session is to let go of, and who says so. */
export interface Eviction {
  readonly session: Session
  readonly key: bigint
  readonly token: number
  readonly role: string
  readonly application: string
}

interface Row {
  readonly key: string
  readonly token: string
  readonly role: string
  readonly application: string
}

const PENDING = 'select key, token, role, application from fencepost.pending_evictions($1)'

/**
 * Hears that locks of one session are to be let go of. The notification only wakes it: anybody may notify anybody, so what is done is
 * what the server's table says.
 */
export class Summons {
  readonly #session: Session
  readonly #told: (eviction: Eviction) => void
  #isListening = false
  #isReading = false
  #isDue = false

  constructor(session: Session, told: (eviction: Eviction) => void) {
    this.#session = session
    this.#told = told
  }

  /** From now on; what was asked for before is read too. For a session that holds something for longer than a moment. Never rejects. */
  listen(): void {
    if (this.#isListening) return
    this.#isListening = true
    void untilDone(this.#session, () => this.#session.listen((payload) => this.#hear(payload))).then(() => this.#read())
  }

  #hear(payload: string): void {
    if (/^evict:-?\d{1,19}:\d{1,16}$/.test(payload)) void this.#read()
  }

  /** One at a time, and once more if somebody called meanwhile. */
  async #read(): Promise<void> {
    this.#isDue = true
    if (this.#isReading) return
    this.#isReading = true
    while (this.#isDue) {
      this.#isDue = false
      const rows = await untilDone(this.#session, () =>
        this.#session.query<Row>(PENDING, [this.#session.key], 'pending_evictions'),
      )
      for (const { key, token, role, application } of rows ?? [])
        this.#told({ session: this.#session, key: BigInt(key), token: Number(token), role, application })
    }
    this.#isReading = false
  }
}
