import { escapeLiteral, type ClientConfig, Pool } from 'pg'
import type { PoolLike } from './queryable.ts'

/** A postgres:// URL, a `pg.Pool`, or what one is made of. */
export type Target = string | PoolLike | object

/** A target resolved: how to make connections of our own, and where transactions run. */
export interface Origin {
  readonly config: ClientConfig
  /** For messages: host, port and database, never a password. */
  readonly where: string
  /** Where transactions run: the user's own pool, or one of ours, which `closePool` ends. */
  readonly pool: () => PoolLike
  readonly closePool: () => Promise<void>
}

const CONNECT_TIMEOUT_MS = 10_000
const POOL_SIZE = 4

/** @throws {TypeError} for anything else, most often an environment variable that is not set. */
export function resolveTarget(target: unknown): Origin {
  if (isPool(target)) {
    return {
      config: configOf(target.options),
      where: placeOf(target.options),
      pool: () => target,
      closePool: async () => {},
    }
  }
  const options = typeof target === 'string' ? { connectionString: checkUrl(target) } : target
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(
      `fencepost() needs a postgres:// URL, a pg.Pool or a pool config; got ${String(target)}` +
        (target === undefined ? ': is the environment variable set?' : ''),
    )
  }
  let own: Pool | undefined
  const config = configOf(options)
  return {
    config,
    where: placeOf(options),
    pool: () =>
      (own ??= makePool({ max: POOL_SIZE, ...options, connectionTimeoutMillis: config.connectionTimeoutMillis })),
    closePool: async () => own?.end(),
  }
}

/** The text as an SQL literal, for the few statements that travel together with BEGIN or COMMIT and take no parameters. */
export function literal(text: string): string {
  return escapeLiteral(text)
}

function isPool(target: unknown): target is PoolLike {
  return typeof target === 'object' && target !== null && 'totalCount' in target && 'options' in target
}

function checkUrl(url: string): string {
  if (!/^postgres(ql)?:\/\//.test(url)) {
    throw new TypeError('a database URL must begin with postgres:// or postgresql://; got something else')
  }
  if (!URL.canParse(url)) throw new TypeError('the database URL cannot be parsed; percent-encode its password')
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

function placeOf(options: object): string {
  const { connectionString, host, port, database } = options as ClientConfig
  if (connectionString !== undefined) {
    const url = new URL(connectionString)
    return `${url.host || url.searchParams.get('host') || 'the local socket'}${url.pathname}`
  }
  const { PGHOST, PGPORT, PGDATABASE } = process.env
  return `${host ?? PGHOST ?? 'localhost'}:${port ?? PGPORT ?? 5432}/${database ?? PGDATABASE ?? ''}`
}

function makePool(options: object): Pool {
  const pool = new Pool({ allowExitOnIdle: true, ...options })
  // An idle client that breaks is replaced by the pool; without a listener the process would die of it.
  pool.on('error', () => {})
  return pool
}
