import { CommandError, ExitCode } from './exit-code.ts'

const DRIVER_VARIABLES = ['PGHOST', 'PGDATABASE', 'PGUSER']

/** The database a command means: `--url`, else DATABASE_URL, else what the driver reads from PG* by itself. */
export function targetOf(url: string | undefined): string | object {
  const { DATABASE_URL } = process.env
  if (url) return url
  if (DATABASE_URL) return DATABASE_URL
  if (DRIVER_VARIABLES.some((variable) => process.env[variable])) return {}
  throw new CommandError(
    'no database is named; set DATABASE_URL (postgres://user@host/database) or PGHOST, PGUSER and PGDATABASE, or use --url',
    ExitCode.usage,
  )
}
