import type { PoolerReport } from '../../index.ts'
import type { Server } from './hazard.ts'
import type { Look } from './look.ts'
import { hintsOf } from './hazards/server/url-hints.ts'

interface Asked {
  readonly target: string | object
  readonly pooler: PoolerReport
  readonly schema: string
  readonly olderThanMs: number
}

type Row = Pick<Server, 'version' | 'banner' | 'database' | 'role' | 'isStandby' | 'isTcp'>

/** What a forged PostgreSQL has, too: asked first, and nothing else is worth asking without it. */
const BASICS = `
  select current_setting('server_version_num')::integer as version, version() as banner, current_database() as database,
    current_user::text as role, coalesce(pg_is_in_recovery(), false) as "isStandby", inet_client_addr() is not null as "isTcp"`
const RIGHTS = `
  select rolsuper as "isSuperuser", pg_has_role(current_user, 'pg_read_all_stats', 'usage') as "seesAll"
  from pg_roles where rolname = current_user`

export async function serverFacts(look: Look, asked: Asked): Promise<Server> {
  const { target, pooler, schema, olderThanMs } = asked
  const [row] = await look.ask<Row>(BASICS)
  const [rights] = await look.ask<Pick<Server, 'isSuperuser' | 'seesAll'>>(RIGHTS).catch(() => [])
  const there = await look.ask<{ is: boolean }>(
    `select exists (
      select from pg_class join pg_namespace on pg_namespace.oid = relnamespace
      where nspname = '${schema}' and relname = 'installations'
    ) as is`,
  )
  if (row === undefined) throw new Error('the server does not say what it is')
  const [, host = '', port] = /^(.*):(\d+)\//.exec(pooler.where) ?? []
  const hints = hintsOf({ url: typeof target === 'string' ? target : '', host, port: Number(port) })
  const { isSuperuser = false, seesAll = false } = rights ?? {}
  return { ...row, isSuperuser, seesAll, hasSchema: there[0]?.is === true, pooler, hints, schema, olderThanMs }
}
