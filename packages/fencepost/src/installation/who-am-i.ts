import type { Schema } from '../postgres/schema.ts'
import type { Connection } from '../wire/connection.ts'

/** The role of a connection, its database, and who owns the schema; null: there is none. */
export async function whoAmI(connection: Connection, schema: Schema) {
  const [me] = await connection.query<{ role: string; database: string; owner: string | null }>(
    `select current_user as role, current_database() as database,
      (select pg_get_userbyid(nspowner) from pg_namespace where nspname = $1) as owner`,
    [schema.name],
  )
  return me ?? { role: 'unknown', database: 'unknown', owner: null }
}
