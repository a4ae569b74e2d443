import { PlainClient } from '../eviction/plain-client.ts'

/** A job as `claim_jobs` tells it. */
export interface ClaimedJob {
  readonly id: number
  readonly token: number
  readonly name: string
  readonly attempt: number
}

/** A worker in plain SQL on a connection of its own, as another language has it: it does what it is told, one thing at a time. */
export class SqlWorker implements AsyncDisposable {
  readonly client: PlainClient
  readonly session: string
  readonly #queues: readonly string[]

  static async open(url: string, ...queues: string[]): Promise<SqlWorker> {
    const client = await PlainClient.connect(url)
    const values = [queues, 'sql-worker', 'somewhere', 7]
    const text = 'select fencepost.open_worker($1, 1, null, $2, $3, $4) as session'
    const { rows } = await client.query<{ session: string }>(text, values)
    return new SqlWorker(client, rows[0]?.session ?? '', queues)
  }

  private constructor(client: PlainClient, session: string, queues: readonly string[]) {
    this.client = client
    this.session = session
    this.#queues = queues
  }

  async claim(most = 10): Promise<ClaimedJob[]> {
    const text = `select fencepost.look_for_jobs($1, $2, $3, $3) as found`
    const { rows } = await this.client.query<{ found: string }>(text, [this.session, this.#queues, most])
    return (JSON.parse(rows[0]?.found ?? '') as { jobs: ClaimedJob[] }).jobs
  }

  /** Whether it was still of this attempt. */
  async complete({ id, token }: ClaimedJob): Promise<boolean> {
    const { rows } = await this.client.query('select fencepost.complete_jobs($1, $2) as ids', [token, [id]])
    return rows[0].ids.length === 1
  }

  /** Without a delay the job is dead. */
  async fail({ id, token }: ClaimedJob, error: string, delayMs: number | null = null): Promise<void> {
    await this.client.query('select fencepost.fail_jobs($1, $2)', [token, JSON.stringify([{ id, error, delayMs }])])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client[Symbol.asyncDispose]()
  }
}
