import { Connection } from './connection.ts'
import { describeFailure } from './driver-error.ts'
import { migrateSchema, type MigrationReport } from './migrate.ts'
import type { Schema } from './schema.ts'
import type { Origin } from './target.ts'

/** Migrates over a connection made for it. */
export async function migrateTarget(origin: Origin, schema: Schema): Promise<MigrationReport> {
  let connection: Connection | undefined
  try {
    connection = await Connection.open(origin.config, 'fencepost migrate')
    return await migrateSchema(connection, schema)
  } catch (error) {
    throw describeFailure(error, origin.where, schema)
  } finally {
    await connection?.close()
  }
}
