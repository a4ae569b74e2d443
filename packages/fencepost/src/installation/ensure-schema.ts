import { asError } from '../ground/as-error.ts'
import { SchemaOutdatedError } from '../ground/server-errors.ts'
import { mayNotUse } from '../postgres/driver-error.ts'
import type { Schema } from '../postgres/schema.ts'
import type { Connection } from '../wire/connection.ts'
import { sqlState } from '../wire/sql-state.ts'
import { isOutdated, readInstalled, refuseNewer } from './installed.ts'
import { migrateSchema } from './migrate.ts'
import { newest, readSqlFiles } from './sql-files.ts'
import { whoAmI } from './who-am-i.ts'

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
  const installed = await readInstalled(connection, schema).catch(async (error: unknown) => {
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
