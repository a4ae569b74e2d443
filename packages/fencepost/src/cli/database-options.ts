import { type Command, Option } from 'commander'

/** What every command that needs a database takes. */
export interface DatabaseOptions {
  readonly url?: string
  readonly schema: string
  readonly json?: boolean
}

export interface NamedOptions extends DatabaseOptions {
  readonly namespace: string
}

interface Kinds {
  readonly json?: boolean
  /** What has a name in a namespace. */
  readonly namespace?: string
}

/** The same everywhere, so they stand apart from what each command has of its own. */
const HEADING = 'Options of the database:'

/** `--url`, `--schema` and `--json`; the database itself is `targetOf(url)`. */
export function databaseOptions(command: Command, { json = true, namespace }: Kinds = {}): Command {
  add(command, '--url <url>', 'which one (default: DATABASE_URL, else PGHOST, PGUSER, PGDATABASE …)')
  add(command, '--schema <name>', 'where the tables and functions of Fencepost live', 'fencepost')
  if (namespace !== undefined) add(command, '--namespace <name>', `of the ${namespace}`, 'default')
  return json ? command.option('--json', 'print JSON') : command
}

/** The same and `--namespace`, for commands that are given the name of a lock, or of something else. */
export function namedOptions(command: Command, what = 'lock', kinds: Kinds = {}): Command {
  return databaseOptions(command, { ...kinds, namespace: what })
}

function add(command: Command, flags: string, description: string, value?: string): void {
  command.addOption(new Option(flags, description).default(value).helpGroup(HEADING))
}
