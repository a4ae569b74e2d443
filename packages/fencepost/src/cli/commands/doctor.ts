import { type Command, InvalidArgumentError, Option } from 'commander'
import { parseDuration } from '../../ground/duration.ts'
import { databaseOptions, type DatabaseOptions } from '../database-options.ts'
import { ExitCode } from '../exit-code.ts'
import { targetOf } from '../target.ts'

interface Options extends DatabaseOptions {
  readonly olderThan: number
  readonly skip?: readonly string[]
  readonly quiet?: boolean
}

export function doctor(program: Command): void {
  const command = program
    .command('doctor [url]')
    .summary('what endangers locks and jobs in a database, any one, and how to mend it')
    .description(
      'Look for what endangers locks and jobs in a database, any one, and say how to mend each. Installs nothing, leaves nothing ' +
        'behind, needs no rights; says what it was not shown. Exit code 0: nothing found, 1: something was, 69: out of reach.',
    )
  databaseOptions(command)
    .addOption(
      new Option(
        '--older-than <duration>',
        'from when on an idle lock, an open transaction or a waiting job counts as stuck',
      )
        .argParser(duration)
        .default(300_000, '5m'),
    )
    .option('--skip <hazards>', 'ids of hazards that are not looked for, with commas between', list)
    .option('-q, --quiet', 'leave out what is fine')
    .addHelpText('after', '\nExample:\n  npx fencepost doctor postgres://me@db.example/app --older-than 1h')
    .action(run)
}

async function run(url: string | undefined, { schema, json, olderThan, skip = [], url: option, ...rest }: Options) {
  const target = targetOf(url ?? option)
  const { runDoctor } = await import('../doctor/run.ts')
  const flags = { json: json === true, quiet: rest.quiet === true }
  const isHealthy = await runDoctor({ target, schema, olderThanMs: olderThan, skip, ...flags })
  if (!isHealthy) process.exitCode = ExitCode.hazard
}

function duration(text: string): number {
  try {
    return parseDuration(text, '--older-than')
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message)
  }
}

function list(text: string): string[] {
  return text.split(',').map((id) => id.trim())
}
