/** A setting of a session and what is weaker where the host does not let us have it. */
export interface SessionSetting {
  readonly name: string
  readonly value: string
  readonly without: string
}

const SLICE_MS = 500

/** Up to PostgreSQL 14 anybody may create a function in `public` that suits a call better than the server's own. */
export const SEARCH_PATH = 'pg_catalog, pg_temp'

/**
 * How long one wait in the server may last: below deadlock_timeout, or an index build of the holder would be killed
 * for it, and short enough for the waits of an acquisition, three at most, to end before a heartbeat behind them is due.
 */
export function sliceMs(freezeMs: number, deadlockTimeoutMs: number): number {
  return Math.ceil(Math.min(SLICE_MS, deadlockTimeoutMs / 2, (freezeMs || Number.POSITIVE_INFINITY) / 8))
}

const LOST_NETWORK = 'a lost network may be noticed only after minutes (P4)'

/**
 * What makes the server notice a lost peer within 11 s. They only work together: keepalives alone leave up to 945 s when data is
 * in flight, and the last is for the middle of a statement.
 */
export const NETWORK_SETTINGS: readonly SessionSetting[] = [
  { name: 'tcp_keepalives_idle', value: '5', without: LOST_NETWORK },
  { name: 'tcp_keepalives_interval', value: '2', without: LOST_NETWORK },
  { name: 'tcp_keepalives_count', value: '3', without: LOST_NETWORK },
  { name: 'tcp_user_timeout', value: '5000', without: LOST_NETWORK },
  { name: 'client_connection_check_interval', value: '1000', without: 'a killed waiter is noticed late (P4)' },
]

/**
 * What makes the server notice a lost peer within 11 s and a frozen one within `freezeMs`, and what keeps settings of
 * the role or the database from breaking us.
 */
export function sessionSettings(freezeMs: number): SessionSetting[] {
  const inherited = 'a setting of the role or the database may interrupt a session'
  const settings: [name: string, value: string | number, without: string][] = [
    ['search_path', SEARCH_PATH, 'a function of somebody else may be called in the place of the server’s'],
    ['idle_session_timeout', freezeMs, 'a frozen process keeps its locks (P4): PostgreSQL 14 or newer is needed'],
    ['default_transaction_isolation', 'read committed', inherited],
    ['default_transaction_read_only', 'off', inherited],
    ['statement_timeout', 0, inherited],
    ['idle_in_transaction_session_timeout', 0, inherited],
    ['transaction_timeout', 0, ''],
    ['extra_float_digits', 1, ''],
  ]
  return [...settings.map(([name, value, without]) => ({ name, value: String(value), without })), ...NETWORK_SETTINGS]
}
