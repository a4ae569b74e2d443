import { asError } from '../ground/as-error.ts'
import { MissingPrivilegeError } from '../ground/server-errors.ts'
import { identifier } from '../postgres/place-values.ts'
import type { Schema } from '../postgres/schema.ts'
import type { Connection } from '../wire/connection.ts'
import { sqlState } from '../wire/sql-state.ts'
import { BEGIN } from './steps.ts'
import { whoAmI } from './who-am-i.ts'

/** The roles of docs/roles.md. */
export async function makeRoles(connection: Connection, schema: Schema, prefix: string): Promise<readonly string[]> {
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
      `alter role ${identifier(role)} createrole;`,
      asError(error),
    )
  }
}
