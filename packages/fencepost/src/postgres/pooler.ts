import type { ClientConfig } from 'pg'
import { UnsafePoolerError } from '../ground/server-errors.ts'
import { Connection } from '../wire/connection.ts'

const ROUNDS = 3

/**
 * Refuses a pooler that hands a server connection to somebody else between two statements: a session lock would be
 * left there, ownerless, for the next one to hold. One that keeps it for the whole session is as good as none.
 *
 * A pooler shows by a backend that is not the one the login named; which kind it is, by two open connections of ours that
 * are served by one backend. Nothing may have been set before: it would be left there too.
 *
 * @throws {UnsafePoolerError}
 */
export async function refuseUnsafePooler(connection: Connection, config: ClientConfig, where: string): Promise<void> {
  if ((await backendOf(connection)) === connection.backend) return
  const other = await Connection.open(config, 'fencepost pooler check')
  try {
    for (let round = 0; round < ROUNDS; round++) {
      if ((await backendOf(connection)) === (await backendOf(other)))
        throw new UnsafePoolerError(where, directly(config))
    }
  } finally {
    await other.close()
  }
}

async function backendOf(connection: Connection): Promise<number> {
  const [row] = await connection.query<{ backend: number }>('select pg_backend_pid() as backend')
  return row?.backend ?? 0
}

/** What the hosts that we know of call the way around their pooler. */
function directly({ connectionString, host, port }: ClientConfig): string {
  const place = connectionString ?? `${host}:${port}`
  if (/-pooler\./.test(place)) return 'use the host name without "-pooler"'
  if (/:6543\b/.test(place)) return 'use port 5432 instead of 6543'
  return "use the server's own host and port, or a pool in session mode"
}
