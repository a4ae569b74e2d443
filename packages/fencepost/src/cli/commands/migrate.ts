import type { Command } from 'commander'
import type { MigrationReport } from '../../index.ts'
import { databaseOptions, type DatabaseOptions } from '../database-options.ts'
import { targetOf } from '../target.ts'

interface Options extends DatabaseOptions {
  readonly roles?: boolean
  readonly prefix?: string
}

export function migrate(program: Command): void {
  databaseOptions(program.command('migrate'))
    .summary('bring the schema up to date')
    .description('Bring the schema in the database up to date; do nothing where it is.')
    .option('--roles', 'also make roles to grant to others: <prefix>_use, <prefix>_inspect, <prefix>_admin')
    .option('--prefix <prefix>', 'of the roles (default: the name of the schema); implies --roles')
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
