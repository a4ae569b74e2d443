import pg from 'pg'

/** A program with one connection that locks by the functions of the server; a key is written as it is in SQL. */
export class PlainProgram {
  readonly #client: pg.Client

  static async start(url: string, application: string): Promise<PlainProgram> {
    const program = new PlainProgram(new pg.Client({ connectionString: url, application_name: application }))
    await program.#client.connect()
    return program
  }

  private constructor(client: pg.Client) {
    this.#client = client
  }

  /** Keeps it. */
  async take(key: string): Promise<boolean> {
    return await this.ask(`select pg_try_advisory_lock(${key})`)
  }

  async isFree(key: string): Promise<boolean> {
    const granted = await this.take(key)
    if (granted) await this.query(`select pg_advisory_unlock(${key})`)
    return granted
  }

  async letGoOfAll(): Promise<void> {
    await this.query('select pg_advisory_unlock_all()')
  }

  async ask(text: string): Promise<boolean> {
    const { rows } = await this.#client.query<[boolean]>({ text, rowMode: 'array' })
    return rows[0]?.[0] ?? false
  }

  async query(text: string): Promise<void> {
    await this.#client.query(text)
  }

  async end(): Promise<void> {
    await this.#client.end()
  }
}
