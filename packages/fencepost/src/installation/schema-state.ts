import { Schema } from '../postgres/schema.ts'
import type { Queryable } from '../postgres/queryable.ts'
import { isOutdated, readInstalled } from './installed.ts'
import { newest, readSqlFiles } from './sql-files.ts'

/** How the schema in a database stands to the one this library brings. */
export interface SchemaState {
  /** `newer`: a newer library has been here, and this one can work with what it left. `too new`: it cannot. */
  readonly state: 'absent' | 'current' | 'outdated' | 'newer' | 'too new'
  /** 0: it is not installed. */
  readonly version: number
  readonly needed: number
}

/**
 * Looks, and changes nothing.
 *
 * @throws {TypeError} for what cannot be the name of a schema; the driver's error for a right that is missing.
 */
export async function schemaState(client: Queryable, schemaName?: string): Promise<SchemaState> {
  const [schema, files] = [new Schema(schemaName), await readSqlFiles()]
  const query = async <Row>(text: string, values?: unknown[]) => (await client.query<Row>(text, values)).rows
  const installed = await readInstalled({ query }, schema)
  const { version, breaking } = installed
  const at = (state: SchemaState['state']) => ({ state, version, needed: newest(files) })
  if (version === 0) return at('absent')
  if (breaking > newest(files)) return at('too new')
  if (await isOutdated(installed, files)) return at('outdated')
  return at(version > newest(files) || installed.functions !== files.fingerprint ? 'newer' : 'current')
}
