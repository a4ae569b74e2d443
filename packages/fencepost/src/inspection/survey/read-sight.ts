import type { Surroundings } from '../../foreign/known-keys.ts'
import { SchemaOutdatedError } from '../../ground/server-errors.ts'
import { newestVersion } from '../../installation/sql-files.ts'
import type { Schema } from '../../postgres/schema.ts'
import type { Ask } from './catalog.ts'

/** Where a reading happens, and as whom. */
export interface Setting extends Surroundings {
  readonly role: string
  /** Whether the schema is there, to be read or not. */
  readonly isInstalled: boolean
  /** Other schemas that look like ours. */
  readonly elsewhere: readonly string[]
  readonly isStandby: boolean
  readonly seesOthers: boolean
}

const SETTING = `
  select current_database() as database, quote_ident(current_user) as role, pg_is_in_recovery() as "isStandby",
    pg_has_role('pg_read_all_stats', 'usage') as "seesOthers",
    (
      select json_agg(json_build_object('name', nspname, 'isMigrated', has('schema_migrations'), 'isOurs', has('installations') and has('holders')))
      from pg_namespace as namespace
    )::text as schemas`.replaceAll(
  /has\('(\w+)'\)/g,
  "exists (select from pg_class where relnamespace = namespace.oid and relname = '$1')",
)

const VERSION = 'select coalesce(max(version), 0) as version from fencepost.migrations'

export async function readSetting(ask: Ask, schema: Schema): Promise<Setting> {
  const [row] = await ask<Omit<Setting, 'schemas'> & { schemas: string }>(SETTING)
  if (row === undefined) throw new Error('the server tells nothing of itself')
  const schemas = JSON.parse(row.schemas) as (Surroundings['schemas'][number] & { isOurs: boolean })[]
  const ours = schemas.filter(({ isOurs }) => isOurs).map(({ name }) => name)
  return {
    ...row,
    schemas,
    isInstalled: ours.includes(schema.name),
    elsewhere: ours.filter((name) => name !== schema.name),
  }
}

/** @throws {SchemaOutdatedError} unless it is there, and has a history. */
export async function requireSchema(ask: Ask, schema: Schema): Promise<void> {
  const { isInstalled } = await readSetting(ask, schema)
  const [found] = isInstalled ? await ask<{ version: number }>(VERSION) : []
  const needed = await newestVersion()
  if ((found?.version ?? 0) < needed) throw new SchemaOutdatedError(schema.name, found?.version ?? 0, needed)
}

/** What this role cannot see. @param refused the SQLSTATE with which our schema could not be read; null if it could. */
export function notesOf(setting: Setting, schema: Schema, refused: string | null): string[] {
  const { role, isInstalled, isStandby, seesOthers, elsewhere } = setting
  const others = elsewhere.map((name) => `"${name}"`).join(', ')
  const hint = elsewhere.length === 0 ? '' : `; ${others} looks like one`
  const notes: string[] = []
  if (isStandby) notes.push('this is a standby: it shows its own locks, not those of the primary')
  if (!isInstalled) {
    notes.push(`schema "${schema.name}" is not in this database: locks show by their keys and connections only${hint}`)
  } else if (refused !== null) notes.push(`${whyUnread(refused, role, schema)}: locks show by their keys only`)
  if (!seesOthers) {
    notes.push(`role ${role} does not see what other roles do: grant pg_read_all_stats to ${role}`)
  }
  return notes
}

function whyUnread(refused: string, role: string, { name }: Schema): string {
  if (refused === '42501')
    return `role ${role} may not read schema "${name}" (npx fencepost migrate --roles makes roles to grant)`
  if (refused === '0A000' || refused === '55000') return `schema "${name}" cannot be read on a standby`
  if (refused === '55P03') return `schema "${name}" is locked just now, by a migration perhaps`
  return `schema "${name}" is of another version (npx fencepost migrate)`
}
