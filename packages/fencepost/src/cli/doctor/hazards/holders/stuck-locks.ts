import { programOf, type Surroundings } from '../../../../index.ts'
import { age } from '../../../show/age.ts'
import type { Hazard, Server, Verdict } from '../../hazard.ts'
import { plural } from '../../words/quantity.ts'
import { SESSION_COLUMNS, type SessionFacts, sessionText, terminate } from '../../words/session-words.ts'

interface Row extends SessionFacts {
  /** Null: not shown to this role. */
  readonly state: string | null
  readonly idleMs: number | null
  readonly locks: number
  readonly waiting: number
  /** The first of them, those that are waited for before the others. */
  readonly keys: readonly Key[]
}

/** A session of ours that lives, and the names it holds; a worker that sleeps holds none, and only its own key. */
interface OurSession {
  readonly backend: number
  readonly names: readonly string[]
}

interface Key {
  readonly key: string | null
  readonly pair: [number, number] | null
}

interface Facts {
  readonly rows: readonly Row[]
  readonly ours: readonly OurSession[]
  readonly schemas: Surroundings['schemas']
}

const [SHOWN, MOST] = [3, 5]
// One of ours that holds a lock beats each second: it is idle for long only if its process is frozen.
const OURS = `
  select sessions.backend, array_agg(holders.name order by holders.name) filter (where holders.name is not null) as names
  from fencepost.sessions
  left join fencepost.holders on holders.session = sessions.session
  where sessions.session in (select held.key from fencepost.held_keys() as held where held.backend = sessions.backend)
  group by sessions.backend`
const SQL = `
  with lock as materialized (
    select pid, classid, objid, objsubid, granted, count(*) filter (where not granted) over (partition by classid, objid, objsubid) as waiting
    from pg_locks
    where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())
  ), ranked as (
    select lock.*, row_number() over (partition by pid order by waiting desc, classid, objid) as rank from lock where granted
  ), held as (
    select pid, count(*)::integer as locks, max(waiting)::integer as waiting,
      json_agg(json_build_object(
        'key', case objsubid when 1 then ((classid::bigint << 32) | objid::bigint)::text end,
        'pair', case objsubid when 2 then array[classid::integer, objid::integer] end
      ) order by rank) filter (where rank <= ${SHOWN}) as keys
    from ranked group by pid
  )
  select ${SESSION_COLUMNS}, state, held.locks, held.waiting, held.keys,
    extract(epoch from clock_timestamp() - state_change)::float8 * 1000 as "idleMs"
  from held join pg_stat_activity as activity using (pid)
  where (state = 'idle' or state is null) and pid <> pg_backend_pid()
  order by held.waiting desc, state_change`
const SCHEMAS = `
  select nspname as name, exists (
    select from pg_class where relnamespace = pg_namespace.oid and relname = 'schema_migrations'
  ) as "isMigrated"
  from pg_namespace
  where nspname !~ '^pg_' and nspname <> 'information_schema' order by nspname = 'public' desc, nspname limit 100`

/** Advisory locks held by connections that do nothing: what is left by a program that hangs, forgot to unlock, or was cut off by a pooler. */
export const stuckLocks: Hazard<Facts> = {
  id: 'stuck-locks',
  async collect(look, { hasSchema }) {
    // What we may not read, or a standby does not have, shows by its keys.
    const ours = hasSchema ? await look.ask<OurSession & { names: string[] | null }>(OURS).catch(() => []) : []
    const schemas = await look.ask<Surroundings['schemas'][number]>(SCHEMAS)
    const rows = await look.ask<Row>(SQL)
    return { rows, schemas, ours: ours.map(({ backend, names }) => ({ backend, names: names ?? [] })) }
  },

  judge({ rows: all, schemas, ours }, server) {
    const rows = all.filter(({ backend }) => !ours.some((one) => one.backend === backend && one.names.length === 0))
    const seen = rows.filter(({ state }) => state !== null)
    const stuck = seen.filter(({ idleMs }) => Number(idleMs) >= server.olderThanMs)
    const verdicts = stuck.slice(0, MOST).map((row) => verdictOn(row, namesOf(row, { schemas, ours }, server), server))
    if (stuck.length > MOST) {
      const what = `${plural(stuck.length - MOST, 'further idle connection')} hold advisory locks for as long`
      verdicts.push({ level: 'warning', what, mend: 'npx fencepost locks lists them' })
    }
    if (seen.length < rows.length) {
      const what = `${plural(rows.length - seen.length, 'session')} of other roles hold advisory locks, and whether they work is not shown to this role`
      verdicts.push({ level: 'unseen', what, mend: 'grant pg_monitor to this role, or run doctor as one that has it' })
    }
    return verdicts.length > 0
      ? verdicts
      : { level: 'fine', what: `no connection that idles for ${age(server.olderThanMs)} holds an advisory lock` }
  },
}

/** What it holds, as far as it is told: ours by name, those of others by whose they are and their keys. */
function namesOf(
  { backend, keys, locks }: Row,
  { schemas, ours }: Pick<Facts, 'schemas' | 'ours'>,
  { database }: Server,
): string {
  const own = ours.find((one) => one.backend === backend)?.names
  const names = own
    ? own.slice(0, SHOWN).map((name) => `"${name}"`)
    : keys.map(({ key, pair }) => {
        const means = programOf(pair ?? BigInt(key ?? 0), { database, schemas })
        const text = `key ${pair === null ? String(key) : `(${pair.join(', ')})`}`
        return means === null ? text : `of ${means} (${text})`
      })
  const count = own?.length ?? locks
  const more = count > names.length ? ` and ${(count - names.length).toLocaleString('en')} more` : ''
  return `the advisory ${count === 1 ? 'lock' : 'locks'} ${names.join(', ')}${more}`
}

function verdictOn(row: Row, held: string, { pooler }: Server): Verdict {
  const { waiting, idleMs } = row
  const wait = waiting === 0 ? '' : `, for which ${plural(waiting, 'other')} ${waiting === 1 ? 'waits' : 'wait'}`
  const leaked = pooler.mode === 'transaction' ? ', left there by whoever came through the pooler' : ''
  return {
    level: waiting > 0 ? 'danger' : 'warning',
    what: `${sessionText(row)} does nothing for ${age(idleMs)} and holds ${held}${wait}${leaked}`,
    mend: terminate(row),
  }
}
