import type { Hazard } from '../../hazard.ts'
import { plural } from '../../words/quantity.ts'
import { setAtStart } from '../../words/set-setting.ts'

interface Facts {
  readonly used: number
  readonly limit: number
  readonly source: string
  /** Kept for superusers and their like. */
  readonly kept: number
  readonly ofRole: number
  readonly roleLimit: number
  readonly ofDatabase: number
  readonly databaseLimit: number
  /** The program with the most connections that do nothing. */
  readonly idle: { readonly application: string; readonly connections: number } | null
}

const SQL = `
  with session as materialized (
    -- Of those of other roles the type may not be shown.
    select usename, datname, state, application_name from pg_stat_activity
    where coalesce(backend_type, 'client backend') = 'client backend' and usename is not null
  )
  select (select count(*)::integer from session) as used, current_setting('max_connections')::integer as limit,
    (select source from pg_settings where name = 'max_connections') as source,
    current_setting('superuser_reserved_connections')::integer + coalesce(current_setting('reserved_connections', true)::integer, 0) as kept,
    (select count(*)::integer from session where usename = current_user) as "ofRole",
    (select rolconnlimit from pg_roles where rolname = current_user) as "roleLimit",
    (select count(*)::integer from session where datname = current_database()) as "ofDatabase",
    (select datconnlimit from pg_database where datname = current_database()) as "databaseLimit",
    (
      select json_build_object('application', application_name, 'connections', count(*))
      from session where state = 'idle' group by application_name order by count(*) desc limit 1
    ) as idle`
const [WARN, FULL] = [0.8, 0.95]

export const connections: Hazard<Facts | undefined> = {
  id: 'connections',
  async collect(look) {
    const [row] = await look.ask<Facts>(SQL)
    return row
  },

  judge(facts, { role, database }) {
    if (facts === undefined) return []
    const { used, limit, source, kept, ofRole, roleLimit, ofDatabase, databaseLimit, idle } = facts
    const limits = [
      {
        used,
        limit: limit - kept,
        of: 'the server',
        mend: setAtStart({ name: 'max_connections', source }, limit * 2),
      },
      {
        used: ofRole,
        limit: roleLimit,
        of: `role ${role}`,
        mend: `alter role ${identifier(role)} connection limit ${roleLimit * 2};`,
      },
      {
        used: ofDatabase,
        limit: databaseLimit,
        of: `database ${database}`,
        mend: `alter database ${identifier(database)} connection limit ${databaseLimit * 2};`,
      },
    ]
    const tightest = limits
      .filter((one) => one.limit >= 0)
      .toSorted((one, two) => two.used / two.limit - one.used / one.limit)[0]
    if (tightest === undefined) return []
    const state = `${tightest.used} of the ${plural(tightest.limit, 'connection')} of ${tightest.of} are taken`
    const share = tightest.used / tightest.limit
    if (share < WARN) return { level: 'fine', what: state }
    const idlers = idle === null ? '' : `; ${idle.connections} of program "${idle.application}" do nothing`
    return {
      level: share < FULL ? 'warning' : 'danger',
      what: `${state}${idlers}: a process that cannot connect again loses its place in line`,
      mend: tightest.mend,
    }
  },
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
