/** No server can be run here: no binaries for this platform, or none that run. Nothing was started; retrying does not help. */
export class PostgresUnavailableError extends Error {
  override readonly name = 'PostgresUnavailableError'
  readonly code = 'POSTGRES_UNAVAILABLE'

  /** @param why one sentence without a full stop; what to do instead is added. */
  constructor(why: string, options?: ErrorOptions) {
    super(
      `${why}. Name a running server in FENCEPOST_TEST_DATABASE_URL instead, ` +
        `or install PostgreSQL locally and pass its folder of programs: startPostgres({ binaries }), see localInstallations()`,
      options,
    )
  }
}

/** The server did not start. Nothing runs and no throw-away folder is left; a data folder of the caller stays as it was. */
export class PostgresStartError extends Error {
  override readonly name = 'PostgresStartError'
  readonly code = 'POSTGRES_START'
  /** The last lines the server wrote; empty if it was never run. */
  readonly log: string

  constructor(why: string, log = '', options?: ErrorOptions) {
    const tail = log.trimEnd().split('\n').slice(-20).join('\n')
    super(tail ? `${why}\n${tail}` : why, options)
    this.log = log
  }
}

/** E.g. 'ENOENT'; empty if it is no error of the system. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}
