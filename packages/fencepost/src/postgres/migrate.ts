import { readFile } from 'node:fs/promises'
import { escapeIdentifier } from 'pg'
import { LockTimeoutError } from '../ground/errors.ts'
import { MissingPrivilegeError, SchemaOutdatedError, SchemaTooNewError } from '../ground/server-errors.ts'
import { keyOf } from '../ground/key.ts'
import { Connection } from '../wire/connection.ts'
import { asError } from '../ground/as-error.ts'
import { describeFailure, mayNotUse } from './driver-error.ts'
import { sqlState } from '../wire/sql-state.ts'
import { SEARCH_PATH } from './session-settings.ts'
import { readSqlFiles, Schema, type SqlFiles } from './schema.ts'
import type { Queryable } from './queryable.ts'
import type { Origin } from './target.ts'

/** What a migration did. */
export interface MigrationReport {
  readonly schema: string
  /** 0: it was not installed. */
  readonly from: number
  readonly to: number
  /** Names of the steps applied, in order. */
  readonly applied: readonly string[]
  /** The roles that there are now, if they were asked for. */
  readonly roles?: readonly string[]
}

export interface MigrateOptions {
  /**
   * Also creates the roles `<prefix>_inspect`, `<prefix>_use` and `<prefix>_admin` with the least they need, for yours to be granted;
   * nobody else may execute anything in the schema from then on. True: the schema's name is the prefix.
   */
  readonly roles?: boolean | string
}

interface Installed {
  readonly version: number
  /** The newest step that a library which does not know it cannot live with. */
  readonly breaking: number
  readonly library: string | null
  readonly functions: string | null
}

/** How the schema in a database stands to the one this library brings. */
export interface SchemaState {
  /** `newer`: a newer library has been here, and this one can work with what it left. `too new`: it cannot. */
  readonly state: 'absent' | 'current' | 'outdated' | 'newer' | 'too new'
  /** 0: it is not installed. */
  readonly version: number
  readonly needed: number
}

const PATIENCE = '60s'
const BEGIN = `begin isolation level read committed read write; set local search_path = ${SEARCH_PATH}`
const NONE: Installed = { version: 0, breaking: 0, library: null, functions: null }

/** Ensures it once for all that connect; again if it failed. */
export function schemaEnsurer(schema: Schema, mode: 'auto' | 'off'): (connection: Connection) => Promise<void> {
  let done: Promise<void> | undefined
  return (connection) => {
    done ??= ensureSchema(connection, schema, mode).catch((error: unknown) => {
      done = undefined
      throw error
    })
    return done
  }
}

/**
 * Refuses a schema this library cannot work with; with 'auto' brings an older one up to date.
 *
 * @throws {SchemaOutdatedError | SchemaTooNewError | MissingPrivilegeError}
 */
async function ensureSchema(connection: Connection, schema: Schema, mode: 'auto' | 'off'): Promise<void> {
  const files = await readSqlFiles()
  const installed = await read(connection, schema).catch(async (error: unknown) => {
    throw sqlState(error) === '42501'
      ? mayNotUse(schema, asError(error), (await whoAmI(connection, schema)).role)
      : error
  })
  refuseNewer(installed, files, schema)
  if (mode === 'auto' && (await isOutdated(installed, files))) await migrateSchema(connection, schema)
  if (mode === 'off' && (await isOutdated(installed, files))) {
    throw new SchemaOutdatedError(schema.name, installed.version, newest(files))
  }
}

/**
 * Looks, and changes nothing.
 *
 * @throws {TypeError} for what cannot be the name of a schema; the driver's error for a right that is missing.
 */
export async function schemaState(client: Queryable, schemaName?: string): Promise<SchemaState> {
  const [schema, files] = [new Schema(schemaName), await readSqlFiles()]
  const query = async <Row>(text: string, values?: unknown[]) => (await client.query<Row>(text, values)).rows
  const installed = await read({ query }, schema)
  const { version, breaking } = installed
  const at = (state: SchemaState['state']) => ({ state, version, needed: newest(files) })
  if (version === 0) return at('absent')
  if (breaking > newest(files)) return at('too new')
  if (await isOutdated(installed, files)) return at('outdated')
  return at(version > newest(files) || installed.functions !== files.fingerprint ? 'newer' : 'current')
}

/** Migrates over a connection made for it. */
export async function migrate(
  origin: Origin,
  schema: Schema,
  { roles = false }: MigrateOptions = {},
): Promise<MigrationReport> {
  let connection: Connection | undefined
  try {
    connection = await Connection.open(origin.config, 'fencepost migrate')
    const report = await migrateSchema(connection, schema)
    if (roles === false) return report
    return { ...report, roles: await makeRoles(connection, schema, roles === true ? schema.name : roles) }
  } catch (error) {
    throw describeFailure(error, { where: origin.where, schema })
  } finally {
    await connection?.close()
  }
}

/**
 * Brings the schema up to date in one transaction, under an advisory lock that others wait for up to 60 s; does nothing
 * where it is up to date. Older libraries go on working unless a step says it is breaking.
 */
async function migrateSchema(connection: Connection, schema: Schema): Promise<MigrationReport> {
  const files = await readSqlFiles()
  try {
    await connection.run(`${BEGIN}; set local lock_timeout = '${PATIENCE}'`)
    await connection.query('select pg_advisory_xact_lock($1)', [keyOf(`migrate:${schema.name}`, '')])
    const installed = await read(connection, schema)
    refuseNewer(installed, files, schema)
    const due = files.migrations.filter(({ version }) => version > installed.version)
    await apply(connection, schema, due)
    if (await isOutdated(installed, files)) await installFunctions(connection, schema, files)
    await connection.run('commit')
    const to = Math.max(installed.version, newest(files))
    return { schema: schema.name, from: installed.version, to, applied: due.map(({ name }) => name) }
  } catch (error) {
    await connection.run('rollback').catch(() => {})
    throw await describe(error, connection, schema)
  }
}

async function makeRoles(connection: Connection, schema: Schema, prefix: string): Promise<readonly string[]> {
  try {
    const text = schema.place('select unnest(fencepost.grant_roles($1)) as role')
    await connection.run(BEGIN)
    const made = await connection.query<{ role: string }>(text, [prefix])
    await connection.run('commit')
    return made.map(({ role }) => role)
  } catch (error) {
    await connection.run('rollback').catch(() => {})
    if (sqlState(error) === '23514') {
      const rule = 'lower-case letters, digits and _, at most 55 characters'
      throw new TypeError(`a prefix for roles must be ${rule}; got '${prefix}'`, { cause: error })
    }
    if (sqlState(error) !== '42501') throw error
    const { role } = await whoAmI(connection, schema)
    throw new MissingPrivilegeError(
      `role "${role}" may not create roles`,
      `alter role ${escapeIdentifier(role)} createrole;`,
      asError(error),
    )
  }
}

/** Everything as one script for psql, to be read first or run by somebody who may create what the application may not. */
export async function schemaSql(schemaName?: string): Promise<string> {
  const schema = new Schema(schemaName)
  const files = await readSqlFiles()
  const steps = files.migrations.map((step) => `${step.sql}\n${record(step)}`)
  const installed = `insert into fencepost.installations (library, functions) values ('${await library()}', '${files.fingerprint}');`
  const script = [
    `${BEGIN};`,
    ...steps,
    'set local check_function_bodies = off;',
    files.functions,
    installed,
    'commit;',
  ]
  return schema.place(`${script.join('\n')}\n`)
}

async function apply(connection: Connection, schema: Schema, due: SqlFiles['migrations']): Promise<void> {
  for (const step of due) {
    await connection.run(schema.place(step.sql))
    await connection.run(schema.place(record(step)))
  }
}

function record({ version, name, breaking }: SqlFiles['migrations'][number]): string {
  return `insert into fencepost.migrations (version, name, breaking) values (${version}, '${name}', ${breaking});`
}

async function installFunctions(connection: Connection, schema: Schema, files: SqlFiles): Promise<void> {
  await connection.run(`set local check_function_bodies = off; ${schema.place(files.functions)}`)
  const insert = schema.place('insert into fencepost.installations (library, functions) values ($1, $2)')
  await connection.query(insert, [await library(), files.fingerprint])
  // Roles of a server that this database was restored to may be missing.
  const again = `select fencepost.grant_roles(prefix) from fencepost.roles where to_regrole(prefix || '_admin') is not null`
  await connection.query(schema.place(again))
}

async function read(connection: Pick<Connection, 'query'>, schema: Schema): Promise<Installed> {
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

function refuseNewer(installed: Installed, files: SqlFiles, schema: Schema): void {
  if (installed.breaking > newest(files)) throw new SchemaTooNewError(schema.name, installed.version, newest(files))
}

/** Steps are missing, or the functions are an older text; a newer library's are left, or two versions would take turns. */
async function isOutdated(installed: Installed, files: SqlFiles): Promise<boolean> {
  if (installed.version < newest(files)) return true
  if (installed.version > newest(files) || installed.functions === files.fingerprint) return false
  return (installed.library ?? '').localeCompare(await library(), 'en', { numeric: true }) <= 0
}

function newest(files: SqlFiles): number {
  return files.migrations.at(-1)?.version ?? 0
}

async function library(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

async function describe(error: unknown, connection: Connection, schema: Schema): Promise<unknown> {
  const cause = asError(error)
  if (sqlState(cause) === '55P03')
    return new LockTimeoutError(`migrate:${schema.name}`, 60_000, { holder: null, waiting: 0 })
  if (sqlState(cause) !== '42501') return error
  const { role, database, owner } = await whoAmI(connection, schema)
  if (owner === null) {
    const sql = `grant create on database ${escapeIdentifier(database)} to ${escapeIdentifier(role)};`
    return new MissingPrivilegeError(`role "${role}" may not create schema "${schema.name}"`, sql, cause)
  }
  const what = `role "${role}" may not change schema "${schema.name}", which belongs to "${owner}"; run npx fencepost migrate as that role`
  return new MissingPrivilegeError(what, `grant ${escapeIdentifier(owner)} to ${escapeIdentifier(role)};`, cause)
}

async function whoAmI(connection: Connection, schema: Schema) {
  const [me] = await connection.query<{ role: string; database: string; owner: string | null }>(
    `select current_user as role, current_database() as database,
      (select pg_get_userbyid(nspowner) from pg_namespace where nspname = $1) as owner`,
    [schema.name],
  )
  return me ?? { role: 'unknown', database: 'unknown', owner: null }
}
