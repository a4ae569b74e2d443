import type { Command } from 'commander'
import { namedOptions } from '../database-options.ts'
import { CommandError, ExitCode } from '../exit-code.ts'
import type { ProtectCommandOptions } from './change.ts'

interface Options extends ProtectCommandOptions {
  readonly off?: boolean
  readonly list?: boolean
  readonly violations?: boolean
}

export function protect(program: Command): void {
  namedOptions(program.command('protect'))
    .summary('have a table refuse writes without a live token, from any program')
    .description(
      'Have a table refuse writes of whoever has no live token of the row’s lock, from any program. With --report it only records them; ' +
        'with --off that ends. Partitions are covered, too.',
    )
    .argument('[table]', 'as in SQL: ledger, shop."Order lines"')
    .argument('[name-rule]', 'the name of the lock of a row, with {column} for its columns')
    .option('--report', 'record what would be refused, and refuse nothing')
    .option('--off', 'take the guard off the table')
    .option('--list', 'list what is protected')
    .option('--violations', 'list what tables with --report were written to without a live token, the latest first')
    .option(
      '--wait <duration>',
      'for how long to wait for those who use the table, who make others wait behind us meanwhile',
      '5s',
    )
    .option('--yes', 'do not ask where a guard is taken away; needed where there is no terminal')
    .addHelpText('after', "\nExample:\n  npx fencepost protect ledger 'account:{account_id}'")
    .action(run)
}

async function run(table: string | undefined, rule: string | undefined, options: Options): Promise<void> {
  const { listProtected, listViolations } = await import('./list.ts')
  const { protectTable, unprotectTable } = await import('./change.ts')
  const { list, violations, off, report } = options
  const isList = list === true || violations === true
  if (isList && (table !== undefined || off || report)) throw usage('--list and --violations take no table')
  if (list) return await listProtected(options)
  if (violations) return await listViolations(options)
  if (table === undefined) throw usage('name a table, or --list')
  if (off) {
    if (rule !== undefined || report) throw usage('--off takes a table, and nothing else')
    return await unprotectTable(table, options)
  }
  if (rule === undefined)
    throw usage(`give the name of a row’s lock: protect ${table} 'account:{account_id}', or --off`)
  await protectTable(table, rule, options)
}

function usage(message: string): CommandError {
  return new CommandError(message, ExitCode.usage)
}
