import type { Command } from 'commander'

/** What every command that needs a database takes. */
export interface DatabaseOptions {
  readonly url?: string
  readonly schema: string
  readonly json?: boolean
}

export interface NamedOptions extends DatabaseOptions {
  readonly namespace: string
}

/** `--url`, `--schema` and `--json`; the database itself is `targetOf(url)`. */
export function databaseOptions(command: Command, { json = true } = {}): Command {
  command
    .option('--url <url>', 'the database (default: DATABASE_URL, else PGHOST, PGUSER, PGDATABASE …)')
    .option('--schema <name>', 'where the tables and functions of Fencepost live', 'fencepost')
  return json ? command.option('--json', 'print JSON') : command
}

/** The same and `--namespace`, for commands that are given the name of a lock, or of something else. */
export function namedOptions(command: Command, what = 'lock'): Command {
  return databaseOptions(command).option('--namespace <name>', `of the ${what}`, 'default')
}
