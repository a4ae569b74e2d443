import type { Database } from '../support/database.ts'

/** The schemas of a database that are not PostgreSQL's own. */
export async function schemas({ admin }: Database): Promise<string[]> {
  const { rows } = await admin.query<{ name: string }>(
    `select nspname as name from pg_namespace where nspname !~ '^pg_|^information_schema$|^public$' order by 1`,
  )
  return rows.map(({ name }) => name)
}
