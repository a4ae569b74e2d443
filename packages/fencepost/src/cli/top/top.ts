import type { Command } from 'commander'
import { parseDuration } from '../../ground/duration.ts'
import { databaseOptions } from '../database-options.ts'
import { CommandError, ExitCode } from '../exit-code.ts'
import type { TopOptions } from './watch.ts'

const SHORTEST_MS = 200

export function top(program: Command): void {
  databaseOptions(program.command('top'), { json: false })
    .summary('locks and who waits for them, live')
    .description(
      'Locks, live: what is held (1), who waits (2), who blocks whom (3). Arrow keys select, k takes the selected lock away from its holder after asking, ' +
        'space pauses, q quits. It goes on where the database is lost, and says so.',
    )
    .option('--every <duration>', 'how often to look', '1s')
    .option('--grace <duration>', 'how long an evicted holder has to let go by itself', '5s')
    .addHelpText('after', '\nExample:\n  npx fencepost top --every 500ms')
    .action(run)
}

async function run(options: TopOptions): Promise<void> {
  const everyMs = parseDuration(options.every, '--every')
  parseDuration(options.grace, '--grace')
  if (everyMs < SHORTEST_MS) throw new CommandError(`--every must be at least ${SHORTEST_MS}ms`, ExitCode.usage)
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    throw new CommandError('top needs a terminal; locks --json and waits --json tell the same', ExitCode.usage)
  }
  const { watch } = await import('./watch.ts')
  process.exitCode = await watch(options, everyMs)
}
