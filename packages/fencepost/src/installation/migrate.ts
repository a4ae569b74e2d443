import { asError } from '../ground/as-error.ts'
import { LockTimeoutError } from '../ground/errors.ts'
import { keyOf } from '../ground/key.ts'
import { MissingPrivilegeError } from '../ground/server-errors.ts'
import { describeFailure } from '../postgres/driver-error.ts'
import { identifier } from '../postgres/place-values.ts'
import type { Schema } from '../postgres/schema.ts'
import type { Origin } from '../postgres/target.ts'
import { Connection } from '../wire/connection.ts'
import { sqlState } from '../wire/sql-state.ts'
import { isOutdated, readInstalled, refuseNewer } from './installed.ts'
import { makeRoles } from './make-roles.ts'
import { libraryVersion, newest, readSqlFiles, type SqlFiles } from './sql-files.ts'
import { BEGIN, record } from './steps.ts'
import { whoAmI } from './who-am-i.ts'

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

const PATIENCE = '60s'

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
export async function migrateSchema(connection: Connection, schema: Schema): Promise<MigrationReport> {
  const files = await readSqlFiles()
  try {
    await connection.run(`${BEGIN}; set local lock_timeout = '${PATIENCE}'`)
    await connection.query('select pg_advisory_xact_lock($1)', [keyOf(`migrate:${schema.name}`, '')])
    const installed = await readInstalled(connection, schema)
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

async function apply(connection: Connection, schema: Schema, due: SqlFiles['migrations']): Promise<void> {
  for (const step of due) {
    await connection.run(schema.place(step.sql))
    await connection.run(schema.place(record(step)))
  }
}

async function installFunctions(connection: Connection, schema: Schema, files: SqlFiles): Promise<void> {
  await connection.run(`set local check_function_bodies = off; ${schema.place(files.functions)}`)
  const insert = schema.place('insert into fencepost.installations (library, functions) values ($1, $2)')
  await connection.query(insert, [await libraryVersion(), files.fingerprint])
  // Roles of a server that this database was restored to may be missing.
  const again = `select fencepost.grant_roles(prefix) from fencepost.roles where to_regrole(prefix || '_admin') is not null`
  await connection.query(schema.place(again))
}

async function describe(error: unknown, connection: Connection, schema: Schema): Promise<unknown> {
  const cause = asError(error)
  if (sqlState(cause) === '55P03')
    return new LockTimeoutError(`migrate:${schema.name}`, 60_000, { holder: null, waiting: 0 })
  if (sqlState(cause) !== '42501') return error
  const { role, database, owner } = await whoAmI(connection, schema)
  if (owner === null) {
    const sql = `grant create on database ${identifier(database)} to ${identifier(role)};`
    return new MissingPrivilegeError(`role "${role}" may not create schema "${schema.name}"`, sql, cause)
  }
  const what = `role "${role}" may not change schema "${schema.name}", which belongs to "${owner}"; run npx fencepost migrate as that role`
  return new MissingPrivilegeError(what, `grant ${identifier(owner)} to ${identifier(role)};`, cause)
}
