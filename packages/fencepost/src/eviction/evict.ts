import { firstOf } from '../ground/abort.ts'
import { asError } from '../ground/as-error.ts'
import { EvictionFailedError } from '../ground/eviction-errors.ts'
import { MissingPrivilegeError } from '../ground/server-errors.ts'
import type { Schema } from '../postgres/schema.ts'
import type { Origin } from '../postgres/target.ts'
import { SEARCH_PATH } from '../postgres/session-settings.ts'
import type { Session } from '../postgres/session.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { Connection } from '../wire/connection.ts'
import { sqlState } from '../wire/sql-state.ts'
import { type Evicted, readEvicted } from './read-evicted.ts'
import type { EvictionReport, ParsedEvictOptions } from './eviction-options.ts'

/** Who evicts, and over what. */
export interface Evictor {
  readonly sessions: Sessions
  readonly config: Origin['config']
  readonly schema: Schema
  readonly namespace: string
  readonly application: string
  /** Gives up when the instance is closed. */
  readonly closing: AbortSignal
}

const EVICT = `call fencepost.evict($1, $2, $3 * interval '1 ms', $4, $5)`
const SETTINGS = [
  ['search_path', SEARCH_PATH],
  // The server ends an eviction whose process was killed; else the gate would stay closed for the grace.
  ['client_connection_check_interval', '1000'],
  ['statement_timeout', '0'],
  ['default_transaction_isolation', 'read committed'],
  ['default_transaction_read_only', 'off'],
] as const

/**
 * Takes a name away from whoever holds it, this very process included, on a connection of its own: that never holds what it takes away,
 * and nothing else waits behind it.
 */
export async function evict(evictor: Evictor, name: string, options: ParsedEvictOptions): Promise<EvictionReport> {
  const { sessions, config, application, closing } = evictor
  using until = firstOf([closing, options.signal])
  const { signal } = until
  signal.throwIfAborted()
  // It brings the schema up to date, knows what a failure means, and can cancel what we start.
  const { session } = await sessions.main()
  let connection: Connection | undefined
  try {
    connection = await Connection.open(config, application, signal)
    for (const setting of SETTINGS) await set(connection, setting)
    return await call(evictor, connection, { name, options, session, signal })
  } catch (error) {
    if (signal.aborted) throw signal.reason
    throw await describe(error, { name, session, schema: evictor.schema, connection })
  } finally {
    await connection?.close()
  }
}

interface Call {
  readonly name: string
  readonly options: ParsedEvictOptions
  readonly session: Session
  readonly signal: AbortSignal
}

async function call(
  { schema, namespace }: Evictor,
  connection: Connection,
  { name, options, session, signal }: Call,
): Promise<EvictionReport> {
  const { token, backend, graceMs } = options
  const cancel = () => {
    void session.query('select pg_cancel_backend($1)', [connection.backend]).catch(() => {
      connection.destroy(asError(signal.reason))
    })
  }
  signal.addEventListener('abort', cancel, { once: true })
  try {
    const values = [name, token, graceMs, namespace, backend]
    const [row] = await connection.query<Evicted>(schema.place(EVICT), values)
    if (row === undefined) throw new Error('the server told nothing of the eviction')
    return readEvicted(row)
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}

/** Not every host lets us have each. */
async function set(connection: Connection, [name, value]: readonly [string, string]): Promise<void> {
  await connection.query('select set_config($1, $2, false)', [name, value]).catch((error: unknown) => {
    if (connection.over.aborted) throw error
  })
}

interface Place extends Pick<Call, 'name' | 'session'>, Pick<Evictor, 'schema'> {
  readonly connection: Connection | undefined
}

async function describe(error: unknown, { name, session, schema, connection }: Place): Promise<Error> {
  const cause = asError(error)
  if (sqlState(cause) === 'LK008') return new EvictionFailedError(name, cause)
  if (connection === undefined || sqlState(cause) !== '42501') return session.describe(cause)
  const [me] = await connection.query<{ role: string }>('select quote_ident(current_user) as role')
  const grant = `${schema.place('grant execute on procedure fencepost.evict to')} ${me?.role ?? 'the_role'};`
  return new MissingPrivilegeError(`the role may not evict the holder of lock "${name}"`, grant, cause)
}
