import { randomBytes } from 'node:crypto'
import { Client } from 'pg'

/** The server the tests run against. */
export function databaseUrl(): string {
  const url = process.env['FENCEPOST_TEST_DATABASE_URL']
  if (!url) throw new Error('set FENCEPOST_TEST_DATABASE_URL to the URL of a server where databases may be created')
  return url
}

/** An empty database of its own, dropped at the end. */
export class Database implements AsyncDisposable {
  readonly url: string
  readonly #name: string

  static async create(): Promise<Database> {
    const database = new Database(`fencepost_cli_${randomBytes(6).toString('hex')}`)
    await ask(databaseUrl(), `create database ${database.#name}`)
    return database
  }

  private constructor(name: string) {
    const url = new URL(databaseUrl())
    url.pathname = name
    this.#name = name
    this.url = url.href
  }

  /** Runs SQL, several statements too; gives the rows of one. */
  async query<Row = Record<string, unknown>>(sql: string): Promise<Row[]> {
    return await ask<Row>(this.url, sql)
  }

  async schemas(): Promise<string[]> {
    const rows = await this.query<{ name: string }>(
      `select nspname as name from pg_namespace where nspname !~ '^pg_|^information_schema$|^public$' order by 1`,
    )
    return rows.map(({ name }) => name)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await ask(databaseUrl(), `drop database ${this.#name} with (force)`)
  }
}

async function ask<Row>(url: string, sql: string): Promise<Row[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query(sql)
    return rows as Row[]
  } finally {
    await client.end()
  }
}
