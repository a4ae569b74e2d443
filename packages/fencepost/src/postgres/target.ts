import { Client, type ClientBase, type ClientConfig, Pool } from 'pg'
import type { PoolLike } from './queryable.ts'
import { NETWORK_SETTINGS } from './session-settings.ts'

/** A postgres:// URL, a `pg.Pool`, or what one is made of. */
export type Target = string | URL | PoolLike | object

/** A target resolved: how to make connections of our own, and where transactions run. */
export interface Origin {
  readonly config: ClientConfig
  /** For messages: host, port and database, never a password. */
  readonly where: string
  /** Where transactions run: the user's own pool, or one of ours, which `closePool` ends. */
  readonly pool: () => PoolLike
  /** Whether the connections of the pool have the limits of guarded transactions from the start, and none has to be set in each. */
  readonly isWatched: boolean
  readonly closePool: () => Promise<void>
}

const CONNECT_TIMEOUT_MS = 10_000
const POOL_SIZE = 4

/** @throws {TypeError} for anything else, most often an environment variable that is not set. */
export function resolveTarget(target: unknown, freezeMs: number): Origin {
  if (isPool(target)) {
    const config = configOf(target.options)
    return { config, where: placeOf(config), pool: () => target, isWatched: false, closePool: async () => {} }
  }
  const config = configOf(optionsOf(target))
  let own: Pool | undefined
  return {
    config,
    where: placeOf(config),
    pool: () => (own ??= makePool(config, freezeMs)),
    isWatched: true,
    closePool: async () => {
      const ending = own
      own = undefined
      await ending?.end()
    },
  }
}

function isPool(target: unknown): target is PoolLike {
  return typeof target === 'object' && target !== null && 'totalCount' in target && 'options' in target
}

function optionsOf(target: unknown): object {
  if (typeof target === 'string' || target instanceof URL) return { connectionString: checkUrl(String(target)) }
  if (typeof target === 'object' && target !== null && isPlain(target)) return target
  throw new TypeError(
    `fencepost() needs a postgres:// URL, a pg.Pool or a pool config; got ${describe(target)}` +
      (target === undefined ? ': is the environment variable set?' : ''),
  )
}

/** A connected client, say, is none: its own connection would be taken over. */
function isPlain(target: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(target)
  return prototype === Object.prototype || prototype === null
}

function describe(target: unknown): string {
  return typeof target === 'object' && target !== null
    ? `an object of class ${target.constructor.name}`
    : String(target)
}

function checkUrl(url: string): string {
  if (!/^postgres(ql)?:\/\//.test(url)) {
    const got = url === '' ? 'an empty text: is the environment variable set?' : 'something else'
    throw new TypeError(`a database URL must begin with postgres:// or postgresql://; got ${got}`)
  }
  return url
}

/** A pool hides its password (and TLS key) from a spread, so it is handed on by name. */
function configOf(options: object): ClientConfig {
  const config = options as ClientConfig
  return {
    ...config,
    ...(config.password === undefined ? {} : { password: config.password }),
    ...(config.ssl === undefined ? {} : { ssl: config.ssl }),
    connectionTimeoutMillis: config.connectionTimeoutMillis || CONNECT_TIMEOUT_MS,
  }
}

/** As the driver understands it, PG* variables and socket folders included. */
function placeOf(config: ClientConfig): string {
  try {
    const { host, port, database } = new Client(config)
    // Of a password with a slash, or of what is no URL, the driver makes the name of a database.
    if (config.connectionString !== undefined && /[@=]/.test(database ?? '')) throw new TypeError()
    return `${host}:${port}/${database ?? ''}`
  } catch {
    // The driver's own error holds the whole URL.
    throw new TypeError('the database URL cannot be parsed; percent-encode its user and password')
  }
}

function makePool(config: ClientConfig, freezeMs: number): Pool {
  const pool = new Pool({
    max: POOL_SIZE,
    allowExitOnIdle: true,
    keepAlive: true,
    // oxlint-disable-next-line typescript/no-misused-promises -- the pool waits for it; its types do not say so
    onConnect: (client: ClientBase) => watch(client, freezeMs),
    ...config,
  })
  // An idle client that breaks is replaced by the pool; without a listener the process would die of it.
  pool.on('error', () => {})
  return pool
}

const LIMIT = `
  select set_config('idle_in_transaction_session_timeout', $1::integer::text, false)
  where current_setting('idle_in_transaction_session_timeout')::interval not between '1 ms' and $1::integer * interval '1 ms'`

/**
 * What a guarded transaction would set, and take back at its end, which costs more than its guard. Not every host lets us have it; a limit
 * that is stricter already stays.
 */
async function watch(client: ClientBase, freezeMs: number): Promise<void> {
  if (freezeMs > 0) await client.query(LIMIT, [freezeMs]).catch(() => {})
  for (const { name, value } of NETWORK_SETTINGS) await client.query(`set ${name} = ${value}`).catch(() => {})
}
