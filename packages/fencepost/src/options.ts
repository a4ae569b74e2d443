import { basename } from 'node:path'
import { type Duration, parseDuration } from './ground/duration.ts'
import { checkNamespace } from './ground/name.ts'
import { Schema } from './postgres/schema.ts'

export interface FencepostOptions {
  /** Where our tables and functions live. Default `'fencepost'`. */
  readonly schema?: string
  /** Names of different namespaces are different locks. Default `'default'`; it may not contain `:`. */
  readonly namespace?: string
  /**
   * `'auto'` (default) brings the schema up to date at the first connect, once among any number of processes.
   * `'off'` never changes it and throws `SchemaOutdatedError` where that is needed.
   */
  readonly migrate?: 'auto' | 'off'
  /**
   * For how long the server may hear nothing of this process before it lets go of all its locks. Default `'60s'`,
   * at least `'1s'`; `false`: for ever. Needs PostgreSQL 14.
   */
  readonly freezeTimeout?: Duration | false
  /**
   * How many connections of ours there may be, 1 to 100. Default 4: one for everything that does not wait, the others for the first
   * in the lines of contended names. With 1 those are asked for every 200 ms instead.
   */
  readonly maxConnections?: number
  /**
   * How many locks this process may hold at once, up to a million; one more is an `OutOfLocksError`. Default 5000. Each takes two slots of the
   * server's lock table, of which we never use more than it is configured for: `max_locks_per_transaction` times its connections.
   */
  readonly maxLocks?: number
  /** What others are told of a holder. Default: the name of the script. */
  readonly application?: string
}

/** Options as the rooms take them. */
export interface Settings {
  readonly schema: Schema
  readonly namespace: string
  readonly migrate: 'auto' | 'off'
  /** 0: never. */
  readonly freezeMs: number
  readonly application: string
  readonly maxConnections: number
  readonly maxLocks: number
}

const KNOWN = ['schema', 'namespace', 'migrate', 'freezeTimeout', 'maxConnections', 'maxLocks', 'application']
const SHORTEST_FREEZE_MS = 1000

/** @throws {TypeError} for an option that does not exist or cannot be right. */
export function parseOptions(options: FencepostOptions): Settings {
  for (const option of Object.keys(options)) {
    if (!KNOWN.includes(option)) throw new TypeError(`unknown option '${option}'; there are ${KNOWN.join(', ')}`)
  }
  const { namespace = 'default', migrate = 'auto', freezeTimeout = '60s', application = nameOfScript() } = options
  checkNamespace(namespace)
  if (migrate !== 'auto' && migrate !== 'off') {
    throw new TypeError(`migrate must be 'auto' or 'off'; got '${String(migrate)}'`)
  }
  if (typeof application !== 'string' || application.includes('\0')) {
    throw new TypeError('application must be a string without NUL')
  }
  const freezeMs = parseFreeze(freezeTimeout)
  const maxConnections = checkCount(options.maxConnections ?? 4, 'maxConnections', 100)
  const maxLocks = checkCount(options.maxLocks ?? 5000, 'maxLocks', 1_000_000)
  return { schema: new Schema(options.schema), namespace, migrate, freezeMs, application, maxConnections, maxLocks }
}

function checkCount(count: number, option: string, most: number): number {
  if (!Number.isInteger(count) || count < 1 || count > most) {
    throw new TypeError(`${option} must be a whole number from 1 to ${most}; got ${String(count)}`)
  }
  return count
}

function parseFreeze(freezeTimeout: Duration | false): number {
  if (freezeTimeout === false) return 0
  const freezeMs = parseDuration(freezeTimeout, 'freezeTimeout')
  if (freezeMs < SHORTEST_FREEZE_MS) {
    throw new TypeError(`freezeTimeout must be at least '1s', or false; got '${freezeTimeout}'`)
  }
  return freezeMs
}

function nameOfScript(): string {
  return basename(process.argv[1] ?? 'node')
}
