import type { Session } from '../postgres/session.ts'
import { Connection } from '../wire/connection.ts'
import type { FreezeEnd, Mortal } from './mortal.ts'

interface Served {
  readonly backend: number
  /** After how much silence the server ends it; 0: never. */
  readonly limitMs: number
}

const SERVED = `
  select pg_backend_pid() as backend,
    coalesce(extract(epoch from nullif(current_setting('idle_session_timeout', true), '')::interval)::float8 * 1000, 0) as "limitMs"`
const LOOK_MS = 5

/** A session in PostgreSQL, ended from another connection of the same role. */
export class ServedSession implements Mortal {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  get isFrozen(): boolean {
    return this.#session.isFrozen
  }

  async die(): Promise<void> {
    if (this.#session.over.aborted) return
    const { backend } = await this.#ask()
    await this.#letGo(backend, 'at once')
    await this.#over()
  }

  async freeze(end: FreezeEnd): Promise<() => Promise<void>> {
    const { backend, limitMs } = await this.#ask()
    if (end === 'freezeTimeout' && limitMs === 0) {
      throw new TypeError("end 'freezeTimeout' needs a freezeTimeout, and PostgreSQL 14: this session has none")
    }
    this.#session.freeze()
    try {
      await this.#letGo(backend, end)
    } catch (error) {
      this.#session.thaw()
      throw error
    }
    return async () => {
      this.#session.thaw()
      await this.#over()
    }
  }

  /** Not what the login said: a pooler in session mode names a backend of its own. */
  async #ask(): Promise<Served> {
    const [served] = await this.#session.query<Served>(SERVED, [])
    return served ?? { backend: 0, limitMs: 0 }
  }

  /** Resolves when it holds no key any more. */
  async #letGo(backend: number, end: FreezeEnd): Promise<void> {
    const connection = await Connection.open(this.#session.config, 'fencepost testing')
    try {
      if (end === 'at once') await connection.query('select pg_terminate_backend($1)', [backend])
      while (await holdsKeys(connection, backend)) await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    } finally {
      await connection.close()
    }
  }

  async #over(): Promise<void> {
    await new Promise<void>((resolve) => this.#session.whenOver(resolve))
  }
}

async function holdsKeys(connection: Connection, backend: number): Promise<boolean> {
  const text = `select exists (select from pg_locks where locktype = 'advisory' and pid = $1) as is`
  const [row] = await connection.query<{ is: boolean }>(text, [backend])
  return row?.is === true
}
