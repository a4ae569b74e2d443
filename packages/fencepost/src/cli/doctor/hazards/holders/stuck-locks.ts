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

interface Key {
  readonly key: string | null
  readonly pair: [number, number] | null
}

interface Facts {
  readonly rows: readonly Row[]
  readonly schemas: Surroundings['schemas']
}

const [SHOWN, MOST] = [3, 5]
// Sessions of ours beat, so they are never idle for long; what frees a lock of theirs is the freezeTimeout.
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
  async collect(look) {
    const schemas = await look.ask<Surroundings['schemas'][number]>(SCHEMAS)
    return { rows: await look.ask<Row>(SQL), schemas }
  },

  judge({ rows, schemas }, server) {
    const seen = rows.filter(({ state }) => state !== null)
    const stuck = seen.filter(({ idleMs }) => Number(idleMs) >= server.olderThanMs)
    const verdicts = stuck.slice(0, MOST).map((row) => verdictOn(row, schemas, server))
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

function verdictOn(row: Row, schemas: Surroundings['schemas'], { database, pooler }: Server): Verdict {
  const names = row.keys.map(({ key, pair }) => {
    const number = pair ?? BigInt(key ?? 0)
    const means = programOf(number, { database, schemas })
    const text = pair === null ? String(key) : `(${pair.join(', ')})`
    return means === null ? `key ${text}` : `that of ${means}, ${text}`
  })
  const more = row.locks > names.length ? ` and ${(row.locks - names.length).toLocaleString('en')} more` : ''
  const waiting =
    row.waiting === 0 ? '' : `, for which ${plural(row.waiting, 'other')} ${row.waiting === 1 ? 'waits' : 'wait'}`
  const leaked = pooler.mode === 'transaction' ? ', left there by whoever came through the pooler' : ''
  return {
    level: row.waiting > 0 ? 'danger' : 'warning',
    what: `${sessionText(row)} does nothing for ${age(row.idleMs)} and holds the advisory ${row.locks === 1 ? 'lock' : 'locks'} ${names.join('; ')}${more}${waiting}${leaked}`,
    mend: terminate(row),
  }
}
