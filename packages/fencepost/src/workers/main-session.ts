import { Session, type SessionOptions } from '../postgres/session.ts'

/** The session of a worker for all but claims. An idle one is closed after a while, and the next use opens another. */
export class MainSession {
  readonly #options: SessionOptions
  #opened: Promise<Session> | undefined

  constructor(options: SessionOptions) {
    this.#options = options
  }

  async open(): Promise<Session> {
    if (this.#opened === undefined) {
      const opening = Session.open(this.#options)
      this.#opened = opening
      const forget = () => {
        if (this.#opened === opening) this.#opened = undefined
      }
      opening.then((session) => session.whenOver(forget), forget)
    }
    return await this.#opened
  }

  async query<Row>(...question: Parameters<Session['query']>): Promise<Row[]> {
    return await (await this.open()).query<Row>(...question)
  }

  async ask(...question: Parameters<Session['ask']>): Promise<string | null> {
    return await (await this.open()).ask(...question)
  }

  async close(): Promise<void> {
    await this.#opened?.then(async (session) => await session.close()).catch(() => {})
  }
}
