import { SEARCH_PATH } from '../postgres/session-settings.ts'
import type { Migration } from './sql-files.ts'

/** What the schema is changed in. */
export const BEGIN = `begin isolation level read committed read write; set local search_path = ${SEARCH_PATH}`

/** What is written down of a step that was applied. */
export function record({ version, name, breaking }: Migration): string {
  return `insert into fencepost.migrations (version, name, breaking) values (${version}, '${name}', ${breaking});`
}
