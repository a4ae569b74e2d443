import { StandbyError, UnsupportedServerError } from '../ground/server-errors.ts'
import type { Connection } from '../wire/connection.ts'
import { sessionSettings, sliceMs } from './session-settings.ts'

interface Prepared {
  readonly role: string
  /** Promises that are weaker because the host refused a setting. */
  readonly weakened: readonly string[]
}

const OLDEST_SERVER = 130000

interface Server {
  readonly standby: boolean
  readonly version: number
  readonly banner: string
  readonly role: string
  readonly deadlockTimeoutMs: number
}

/** One flight: the settings, one by one as a host may refuse some, the search_path before anything else; and what the server is. */
export async function prepareSession(
  connection: Connection,
  { freezeMs, where }: { freezeMs: number; where: string },
): Promise<Prepared> {
  const settings = sessionSettings(freezeMs)
  const refusals = Promise.all(settings.map(({ name, value }) => isRefused(connection, name, value)))
  const [[server], refused] = await Promise.all([
    connection.query<Server>(
      `select pg_is_in_recovery() as standby, current_setting('server_version_num')::integer as version, version() as banner,
        current_user as role,
        extract(epoch from current_setting('deadlock_timeout')::interval)::float8 * 1000 as "deadlockTimeoutMs"`,
    ),
    refusals,
  ])
  if (server === undefined || server.version < OLDEST_SERVER || /CockroachDB/.test(server.banner)) {
    throw new UnsupportedServerError(where, server?.banner ?? 'it tells no version')
  }
  if (server.standby) throw new StandbyError(where)
  await set(connection, 'lock_timeout', String(sliceMs(freezeMs, server.deadlockTimeoutMs)))
  const weakened = settings.filter(({ without }, i) => refused[i] === true && without !== '')
  return { role: server.role, weakened: [...new Set(weakened.map(({ without }) => without))] }
}

async function isRefused(connection: Connection, name: string, value: string): Promise<boolean> {
  try {
    await set(connection, name, value)
    return false
  } catch (error) {
    if (connection.over.aborted) throw error
    return true
  }
}

async function set(connection: Connection, name: string, value: string): Promise<void> {
  await connection.query('select set_config($1, $2, false)', [name, value])
}
