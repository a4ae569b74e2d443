import type { ClientConfig } from 'pg'
import { asError } from '../ground/as-error.ts'
import { UnsafePoolerError } from '../ground/server-errors.ts'
import { Connection } from '../wire/connection.ts'
import { describeFailure } from './driver-error.ts'
import { Schema } from './schema.ts'
import { resolveTarget, type Target } from './target.ts'

/** What stands between us and the server. */
export interface PoolerReport {
  /**
   * `none`: it is the server itself. `session`: a pooler that keeps a server connection for the whole of ours. `transaction`: one that hands it
   * to somebody else in between. `unknown`: a pooler, whose mode was not told, as a second connection was not served within 5 s.
   */
  readonly mode: 'none' | 'session' | 'transaction' | 'unknown'
  /** Host, port and database that were asked, never a password. */
  readonly where: string
  /** The way around it, as the host calls that, where we know the host. */
  readonly directly: string
}

const APPLICATION = 'fencepost pooler check'
const ROUNDS = 3
const ANSWER_MS = 5000

/**
 * Refuses a pooler that hands a server connection to somebody else between two statements: a session lock would be
 * left there, ownerless, for the next one to hold. One that keeps it for the whole session is as good as none.
 *
 * A pooler shows by a backend that is not the one the login named; which kind it is, by a backend that changes, or by two open
 * connections of ours that are served by one. Nothing may have been set before: it would be left there too.
 *
 * @throws {UnsafePoolerError}
 */
export async function refuseUnsafePooler(connection: Connection, config: ClientConfig, where: string): Promise<void> {
  if ((await backendOf(connection)) === connection.backend) return
  const other = await Connection.open(config, APPLICATION)
  try {
    if (await isShared(connection, other)) throw new UnsafePoolerError(where, directly(config))
  } finally {
    await other.close()
  }
}

/**
 * Finds out by two connections of its own, and sets, takes and leaves nothing.
 *
 * @throws {TypeError | DatabaseUnreachableError | AuthenticationError | OutOfLocksError}
 */
export async function findPooler(target: Target): Promise<PoolerReport> {
  const { config, where } = resolveTarget(target, 0)
  const found = (mode: PoolerReport['mode']) => ({ mode, where, directly: directly(config) })
  let connection: Connection | undefined
  try {
    connection = await Connection.open(config, APPLICATION)
    const isItself = (await backendOf(connection)) === connection.backend
    const shared = await isSharedWithAnother(connection, config)
    if (shared === true) return found('transaction')
    return found(isItself ? 'none' : shared === undefined ? 'unknown' : 'session')
  } catch (error) {
    throw describeFailure(error, { where, schema: new Schema() })
  } finally {
    await connection?.close()
  }
}

/** Undefined: there was no other within 5 s, be it that the pool is full. */
async function isSharedWithAnother(connection: Connection, config: ClientConfig): Promise<boolean | undefined> {
  const late = AbortSignal.timeout(ANSWER_MS)
  let other: Connection | undefined
  try {
    other = await Connection.open(config, APPLICATION, late)
    const opened = other
    late.addEventListener('abort', () => opened.destroy(asError(late.reason)), { once: true })
    return await isShared(connection, other)
  } catch (error) {
    if (connection.over.aborted) throw error
    return undefined
  } finally {
    await other?.close()
  }
}

/**
 * Whether one of them is served by another backend than before, or both by one. Asked in an uneven order, as a pool that takes its
 * connections in turn would otherwise come out the same each time.
 */
async function isShared(connection: Connection, other: Connection): Promise<boolean> {
  const seen = [await backendOf(connection)]
  for (let round = 0; round < ROUNDS; round++) {
    if (seen.includes(await backendOf(other))) return true
    seen.push(await backendOf(connection), await backendOf(connection))
    if (new Set(seen).size > 1) return true
  }
  return false
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
