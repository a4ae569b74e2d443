import type { Command } from 'commander'
import type { MigrationReport } from '../../index.ts'
import { targetOf } from '../target.ts'

interface Options {
  readonly url?: string
  readonly schema: string
  readonly roles?: boolean
  readonly prefix?: string
  readonly json?: boolean
}

export function migrate(program: Command): void {
  program
    .command('migrate')
    .description('Bring the schema in the database up to date; do nothing where it is.')
    .option('--url <url>', 'the database (default: DATABASE_URL, else PGHOST, PGUSER, PGDATABASE …)')
    .option('--schema <name>', 'where the tables and functions live', 'fencepost')
    .option('--roles', 'also make roles to grant to others: <prefix>_use, <prefix>_inspect, <prefix>_admin')
    .option('--prefix <prefix>', 'of the roles (default: the name of the schema); implies --roles')
    .option('--json', 'print what was done as JSON')
    .addHelpText('after', '\nExample:\n  DATABASE_URL=postgres://owner@db.example/app npx fencepost migrate')
    .action(run)
}

async function run({ url, schema, roles = false, prefix, json }: Options): Promise<void> {
  const target = targetOf(url)
  const { fencepost } = await import('../../index.ts')
  await using fp = fencepost(target, { schema })
  const report = await fp.migrate({ roles: prefix ?? roles })
  process.stdout.write(`${json ? JSON.stringify(report) : describe(report)}\n`)
}

function describe({ schema, from, to, applied, roles = [] }: MigrationReport): string {
  const made = roles.length === 0 ? '' : `\nroles to grant: ${roles.join(', ')}`
  if (applied.length === 0) return `schema "${schema}" is up to date at version ${to}${made}`
  return `schema "${schema}": version ${from} → ${to} (${applied.join(', ')})${made}`
}
