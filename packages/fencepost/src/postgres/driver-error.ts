import {
  AuthenticationError,
  DatabaseUnreachableError,
  FencepostError,
  MissingPrivilegeError,
} from '../ground/errors.ts'
import type { Schema } from './schema.ts'

/** The SQLSTATE of an error of the server; undefined for one of the driver or the network. */
export function sqlState(error: unknown): string | undefined {
  const { code, severity } = error as { code?: unknown; severity?: unknown }
  return typeof code === 'string' && severity !== undefined && /^[0-9A-Z]{5}$/.test(code) ? code : undefined
}

export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

/** A failure on a connection of ours as a caller can act on it; an error of the server that is none of these stays. */
export function describeFailure(error: unknown, where: string, schema: Schema): Error {
  const cause = asError(error)
  const state = sqlState(cause)
  if (cause instanceof FencepostError || cause instanceof TypeError) return cause
  if (state?.startsWith('28')) return new AuthenticationError(where, cause)
  if (state === '42501') return mayNotUse(schema, cause)
  // No state: driver or network. 08 connection, 57P0x ended by the server, 53300 too many, 3D000 no such database.
  if (state === undefined || /^(08|57P0|53300|3D000)/.test(state)) return new DatabaseUnreachableError(where, cause)
  return cause
}

/** What an ordinary role needs, given once by the owner of the schema. */
export function mayNotUse(schema: Schema, cause: Error, role = 'the_application'): MissingPrivilegeError {
  return new MissingPrivilegeError(
    `the role may not use schema "${schema.name}"`,
    `grant usage on schema "${schema.name}" to "${role}";\n` +
      `grant select, insert, update, delete on all tables in schema "${schema.name}" to "${role}";\n` +
      `grant usage, select, update on all sequences in schema "${schema.name}" to "${role}";`,
    cause,
  )
}
