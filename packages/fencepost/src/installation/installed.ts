import { SchemaTooNewError } from '../ground/server-errors.ts'
import type { Connection } from '../wire/connection.ts'
import type { Schema } from '../postgres/schema.ts'
import { libraryVersion, newest, type SqlFiles } from './sql-files.ts'

/** What stands in a database. */
export interface Installed {
  readonly version: number
  /** The newest step that a library which does not know it cannot live with. */
  readonly breaking: number
  readonly library: string | null
  readonly functions: string | null
}

const NONE: Installed = { version: 0, breaking: 0, library: null, functions: null }

export async function readInstalled(connection: Pick<Connection, 'query'>, schema: Schema): Promise<Installed> {
  // Not to_regclass(): in the transaction that waited for the lock it answers from what it knew before the wait.
  const [there] = await connection.query<{ is: boolean }>(
    `select exists (
      select from pg_class as class join pg_namespace as namespace on namespace.oid = class.relnamespace
      where namespace.nspname = $1 and class.relname = 'installations'
    ) as is`,
    [schema.name],
  )
  if (there?.is !== true) return NONE
  const [installed] = await connection.query<Installed>(
    schema.place(`
      select coalesce(max(version), 0) as version, coalesce(max(version) filter (where breaking), 0) as breaking,
        (select library from fencepost.installations order by installation desc limit 1) as library,
        (select functions from fencepost.installations order by installation desc limit 1) as functions
      from fencepost.migrations`),
  )
  return installed ?? NONE
}

/** @throws {SchemaTooNewError} */
export function refuseNewer(installed: Installed, files: SqlFiles, schema: Schema): void {
  if (installed.breaking > newest(files)) throw new SchemaTooNewError(schema.name, installed.version, newest(files))
}

/** Steps are missing, or the functions are an older text; a newer library's are left, or two versions would take turns. */
export async function isOutdated(installed: Installed, files: SqlFiles): Promise<boolean> {
  if (installed.version < newest(files)) return true
  if (installed.version > newest(files) || installed.functions === files.fingerprint) return false
  return (installed.library ?? '').localeCompare(await libraryVersion(), 'en', { numeric: true }) <= 0
}
