import { FencepostError } from './errors.ts'

/** The server did not answer or broke off. Nothing is held; retrying is safe. */
export class DatabaseUnreachableError extends FencepostError {
  readonly code = 'DATABASE_UNREACHABLE'

  constructor(where: string, cause: Error & { code?: string }) {
    const why = cause.message || cause.code
    const advice = cause.code === '3D000' ? '; create it or correct the URL' : ''
    super(`the database at ${where} cannot be reached: ${why}${advice}`, { cause })
  }
}

/** The server refused the user or the password (SQLSTATE class 28). Nothing is held. */
export class AuthenticationError extends FencepostError {
  readonly code = 'AUTHENTICATION_FAILED'

  constructor(where: string, cause: Error) {
    super(`the database at ${where} refused the login: ${cause.message}; check the user and the password`, { cause })
  }
}

/** The server is a read-only standby, which grants advisory locks of its own that exclude nobody. Nothing is held. */
export class StandbyError extends FencepostError {
  readonly code = 'STANDBY'

  constructor(where: string) {
    super(`the database at ${where} is a read-only standby; connect to the primary (target_session_attrs=read-write)`)
  }
}

/** A pooler in transaction mode stands before the server: session locks would leak and have two owners. Nothing is held. */
export class UnsafePoolerError extends FencepostError {
  readonly code = 'UNSAFE_POOLER'

  constructor(where: string, advice: string) {
    super(`${where} is a pooler in transaction mode, behind which session locks leak to others; ${advice}`)
  }
}

/** The server cannot keep our promises: too old, or its advisory locks do nothing. Nothing is held. */
export class UnsupportedServerError extends FencepostError {
  readonly code = 'UNSUPPORTED_SERVER'

  constructor(where: string, banner: string) {
    super(`the server at ${where} is not supported: ${banner}; PostgreSQL 13 or newer is needed`)
  }
}

/** The role may not do what is needed. `sql` is what somebody who may has to run. Nothing was changed. */
export class MissingPrivilegeError extends FencepostError {
  readonly code = 'MISSING_PRIVILEGE'
  readonly sql: string

  constructor(what: string, sql: string, cause: Error) {
    super(`${what} (${cause.message}). Ask somebody who may to run:\n${sql}`, { cause })
    this.sql = sql
  }
}

/** The schema is missing or older than this library, and `migrate` is 'off'. Nothing was changed. */
export class SchemaOutdatedError extends FencepostError {
  readonly code = 'SCHEMA_OUTDATED'

  constructor(schema: string, found: number, needed: number) {
    super(
      `schema "${schema}" ${found === 0 ? 'is not installed' : `has ${found < needed ? '' : 'older functions at '}version ${found}`}, this library needs version ${needed}; ` +
        `run: npx fencepost migrate${schema === 'fencepost' ? '' : ` --schema ${schema}`}`,
    )
  }
}

/** The schema has a breaking change that this library is too old for. Nothing was changed. */
export class SchemaTooNewError extends FencepostError {
  readonly code = 'SCHEMA_TOO_NEW'

  constructor(schema: string, found: number, understood: number) {
    super(
      `schema "${schema}" has version ${found}, this library understands ${understood}; ` +
        `upgrade it: npm install fencepost@latest`,
    )
  }
}

/**
 * There is no room for another lock: `maxLocks` of this process, or in the lock table of the server, which all sessions share
 * (SQLSTATE 53200, or nearly so). What is held stays held; nothing was granted.
 */
export class OutOfLocksError extends FencepostError {
  readonly code = 'OUT_OF_LOCKS'

  constructor(where: string, cause: Error) {
    super(
      `no room for another lock at ${where}: ${cause.message}; release some, or raise max_locks_per_transaction there or maxLocks here`,
      { cause },
    )
  }
}
