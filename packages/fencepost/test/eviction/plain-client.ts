import pg from 'pg'

/** A connection as psql or another language has it, which knows whether it was ended. */
export class PlainClient extends pg.Client implements AsyncDisposable {
  isOver = false

  static async connect(url: string): Promise<PlainClient> {
    const client = new PlainClient(url)
    client.on('error', () => {})
    client.on('end', () => (client.isOver = true))
    await client.connect()
    return client
  }

  async backend(): Promise<number> {
    return (await this.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid ?? -1
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.isOver) await this.end()
  }
}
