import type { Ask } from './catalog.ts'
import type { Doing } from './seen-lock.ts'

/** A backend, and what its connection tells of itself. */
export interface Backend extends Doing {
  readonly backend: number
  readonly application: string | null
  readonly host: string | null
}

interface Row extends Omit<Backend, 'blockedBy'> {
  readonly blockedBy: readonly (number | null)[]
}

// Whom one waits for is asked only for those that wait: it stops the lock table for a moment.
const DOING = `
  select pid as backend, usename as role, coalesce(nullif(application_name, ''), backend_type) as application,
    coalesce(client_hostname, host(client_addr)) as host, state,
    extract(epoch from clock_timestamp() - state_change)::float8 * 1000 as "stateMs",
    extract(epoch from clock_timestamp() - xact_start)::float8 * 1000 as "transactionMs",
    nullif(query, '') as query, wait_event_type || ': ' || wait_event as waits,
    case wait_event_type when 'Lock' then pg_blocking_pids(pid)::bigint[] else '{}' end as "blockedBy",
    query = '<insufficient privilege>' as "isHidden"
  from pg_stat_activity
  where pid = any($1::integer[])`

/** What backends do, by their process id; who has gone is not in it. */
export async function readDoing(ask: Ask, backends: readonly (number | null)[]): Promise<Map<number, Backend>> {
  const wanted = [...new Set(backends)].filter((backend) => backend !== null && backend !== 0)
  if (wanted.length === 0) return new Map()
  const rows = await ask<Row>(DOING, [wanted])
  return new Map(rows.map((row) => [row.backend, clean(row)]))
}

function clean(row: Row): Backend {
  const blockedBy = [...new Set(row.blockedBy)].filter((backend) => backend !== null)
  return { ...row, blockedBy, query: row.isHidden ? null : row.query, waits: isIdle(row.waits) ? null : row.waits }
}

/** Waiting for the client is no waiting. */
function isIdle(waits: string | null): boolean {
  return waits === 'Client: ClientRead' || waits?.startsWith('Activity: ') === true
}
