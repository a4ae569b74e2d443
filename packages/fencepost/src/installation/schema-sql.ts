import { Schema } from '../postgres/schema.ts'
import { libraryVersion, readSqlFiles } from './sql-files.ts'
import { BEGIN, record } from './steps.ts'

/** Everything as one script for psql, to be read first or run by somebody who may create what the application may not. */
export async function schemaSql(schemaName?: string): Promise<string> {
  const schema = new Schema(schemaName)
  const files = await readSqlFiles()
  const steps = files.migrations.map((step) => `${step.sql}\n${record(step)}`)
  const installed = `insert into fencepost.installations (library, functions) values ('${await libraryVersion()}', '${files.fingerprint}');`
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
