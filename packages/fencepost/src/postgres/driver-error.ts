import { asError } from '../ground/as-error.ts'
import { FencepostError } from '../ground/errors.ts'
import {
  AuthenticationError,
  DatabaseUnreachableError,
  MissingPrivilegeError,
  OutOfLocksError,
} from '../ground/server-errors.ts'
import { identifier } from './place-values.ts'
import type { Schema } from './schema.ts'
import { isEndOfSession, sqlState } from '../wire/sql-state.ts'

/** Where a failure happened, for its description. */
export interface Place {
  readonly where: string
  readonly schema: Schema
  readonly role?: string | undefined
}

/** A failure on a connection of ours as a caller can act on it; an error of the server that is none of these stays. */
export function describeFailure(error: unknown, { where, schema, role }: Place): Error {
  const cause = asError(error)
  const state = sqlState(cause)
  if (cause instanceof FencepostError || cause instanceof TypeError) return cause
  if (state?.startsWith('28')) return new AuthenticationError(where, cause)
  if (state === '42501') return mayNotUse(schema, cause, role)
  if (state === '53200') return new OutOfLocksError(where, cause)
  // No state: driver or network. 53300 too many, 3D000 no such database, 55P03 and 57014 no answer in time.
  if (state === undefined || isEndOfSession(cause) || /^(53300|3D000|55P03|57014)/.test(state)) {
    return new DatabaseUnreachableError(where, cause)
  }
  return cause
}

/** What an ordinary role needs, given once by the owner of the schema. */
export function mayNotUse(schema: Schema, cause: Error, role = 'the_application'): MissingPrivilegeError {
  const [in_, to] = [`in schema ${identifier(schema.name)}`, `to ${identifier(role)};`]
  return new MissingPrivilegeError(
    `the role may not use schema "${schema.name}"`,
    [
      `grant usage on schema ${identifier(schema.name)} ${to}`,
      `grant select, insert, update, delete on all tables ${in_} ${to}`,
      `grant usage, select, update on all sequences ${in_} ${to}`,
      `grant execute on all routines ${in_} ${to}`,
      // To take locks away from others is a right of its own.
      `revoke execute on procedure ${identifier(schema.name)}.evict from ${identifier(role)};`,
    ].join('\n'),
    cause,
  )
}
