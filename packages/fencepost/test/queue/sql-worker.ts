import pg from 'pg'
import type { Database } from '../support/database.ts'

/** What claim_jobs gives, as much of it as is looked at here. */
export interface Claimed {
  readonly id: number
  readonly queue: string
  readonly name: string
  readonly group: string | null
  readonly token: number
}

/** A worker that is nothing but a connection with a session key, and the SQL that any program may send. */
export class SqlWorker implements AsyncDisposable {
  readonly session: string
  readonly client: pg.Client

  private constructor(client: pg.Client, session: string) {
    this.client = client
    this.session = session
  }

  static async open(database: Database): Promise<SqlWorker> {
    const client = new pg.Client(database.url)
    await client.connect()
    const { rows } = await client.query<{ key: string }>("select fencepost.open_worker('{default}')::text as key")
    return new SqlWorker(client, rows[0]?.key ?? '')
  }

  async claim(queues: readonly string[], careful: number, most = 0): Promise<Claimed[]> {
    const { rows } = await this.client.query<{ jobs: string }>(
      'select fencepost.spell_jobs(fencepost.claim_jobs($1, $2, $3, $4)::jsonb)::text as jobs',
      [this.session, queues, most, careful],
    )
    return (JSON.parse(rows[0]?.jobs ?? '[]') as Row[]).map(({ id, queue, name, group = null, token }) => {
      return { id, queue, name, group, token }
    })
  }

  /** The ids that were still ours. */
  async finish(jobs: readonly Claimed[], results?: readonly unknown[]): Promise<number[]> {
    const { rows } = await this.client.query<{ ids: string[] }>('select fencepost.finish_jobs($1, $2, $3) as ids', [
      jobs[0]?.token,
      jobs.map(({ id }) => id),
      results === undefined ? null : JSON.stringify(results),
    ])
    return (rows[0]?.ids ?? []).map(Number)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.end()
  }
}

interface Row extends Omit<Claimed, 'group'> {
  readonly group?: string
}

/** Some that claim at once. */
export async function openWorkers(database: Database, count: number): Promise<SqlWorker[]> {
  return await Promise.all(Array.from({ length: count }, () => SqlWorker.open(database)))
}
