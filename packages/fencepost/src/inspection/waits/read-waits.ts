import type { Schema } from '../../postgres/schema.ts'
import { type Ask, askOr } from '../survey/catalog.ts'
import { readDoing } from '../survey/read-doing.ts'
import { notesOf, readSetting } from '../survey/read-sight.ts'
import type { LineWait, LiveSession, ServerWait, Waits } from './waits.ts'
import { namer, type Wanted } from './wanted.ts'

// The one who waits for a row first holds a lock on its place, which tells the table; the others wait for that.
const SERVER = `
  with seen as materialized (
    select lock.*, to_jsonb(lock) ->> 'waitstart' as since from pg_locks as lock
  )
  select seen.pid as backend, pg_blocking_pids(seen.pid)::bigint[] as blockers, seen.locktype as kind, seen.mode,
    seen.relation::regclass::text as relation, seen.transactionid::text as transaction,
    case when seen.locktype = 'transactionid' then (
      select min(place.relation::regclass::text) from seen as place where place.pid = seen.pid and place.locktype = 'tuple' and place.granted
    ) end as row,
    case seen.objsubid when 1 then (seen.classid::bigint << 32) | seen.objid::bigint end as key,
    case seen.objsubid when 2 then seen.classid::integer end as first, case seen.objsubid when 2 then seen.objid::integer end as second,
    extract(epoch from clock_timestamp() - seen.since::timestamptz)::float8 * 1000 as "waitedMs"
  from seen
  join pg_stat_activity as activity on activity.pid = seen.pid
  where not seen.granted and activity.datname = current_database()`
const LINE = `
  select ticket::float8 as ticket, position, key, name, mode, scopes, backend, application, host, process, holders::text as holders,
    extract(epoch from waited)::float8 * 1000 as "waitedMs"
  from fencepost.line_waits()`
const SESSIONS = 'select backend, application, host, process from fencepost.live_sessions()'
const NAMES = 'select distinct key, name from fencepost.list_locks() where name is not null'
const PREPARED = 'select gid from pg_prepared_xacts where database = current_database() order by gid'

interface ServerRow extends Wanted {
  readonly backend: number
  readonly mode: string
  readonly blockers: readonly (number | null)[]
  readonly waitedMs: number | null
}

interface LineRow extends Omit<LineWait, 'key' | 'holders'> {
  readonly key: string
  readonly holders: string
}

interface Named {
  readonly line: readonly LineWait[]
  readonly sessions: readonly LiveSession[]
  readonly names: ReadonlyMap<bigint, string>
}

const NOTHING: Named = { line: [], sessions: [], names: new Map() }

/** Who waits for whom: in the server, for whatever it may be, and in our own lines. */
export async function readWaits(ask: Ask, schema: Schema): Promise<Waits> {
  const setting = await readSetting(ask, schema)
  const named = setting.isInstalled ? await askOr(ask, () => readNamed(ask)) : NOTHING
  const refused = 'refused' in named ? named.refused : null
  const { line, sessions, names } = 'refused' in named ? NOTHING : named
  const nameOf = namer(setting, names)
  const server = (await ask<ServerRow>(SERVER)).map((row) => serverWait(row, nameOf))
  const involved = [
    ...server.flatMap(({ backend, blockers }) => [backend, ...blockers]),
    ...line.flatMap(({ backend, holders }) => [backend, ...holders.map((one) => one.backend ?? 0)]),
  ]
  const backends = await readDoing(ask, involved)
  const prepared = involved.includes(0) ? await ask<{ gid: string }>(PREPARED) : []
  return {
    database: setting.database,
    role: setting.role,
    isNamed: setting.isInstalled && refused === null,
    notes: notesOf(setting, schema, refused),
    server,
    line,
    sessions: new Map(sessions.map((session) => [session.backend, session])),
    backends,
    prepared: prepared.map(({ gid }) => gid),
  }
}

async function readNamed(ask: Ask): Promise<Named> {
  const line = await ask<LineRow>(LINE)
  const sessions = await ask<LiveSession>(SESSIONS)
  const names = await ask<{ key: string; name: string }>(NAMES)
  return {
    line: line.map((row) => ({
      ...row,
      key: BigInt(row.key),
      holders: JSON.parse(row.holders) as LineWait['holders'],
    })),
    sessions,
    names: new Map(names.map(({ key, name }) => [BigInt(key), name])),
  }
}

function serverWait(row: ServerRow, nameOf: (wanted: Wanted) => string): ServerWait {
  const { backend, mode, waitedMs } = row
  // A parallel query may stand there with several processes.
  const blockers = [...new Set(row.blockers)].filter((blocker) => blocker !== null)
  return { backend, mode, waitedMs, blockers, what: nameOf(row), key: row.key === null ? null : BigInt(row.key) }
}
