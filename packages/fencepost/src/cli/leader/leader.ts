import type { Command } from 'commander'
import { type NamedOptions, namedOptions } from '../database-options.ts'

interface Options extends NamedOptions {
  readonly watch?: boolean
}

export function leader(program: Command): void {
  namedOptions(program.command('leader'), 'election')
    .summary('who leads and who stands by')
    .description('Who leads, in which term and since when, and who stands by. Exit code 1: nobody leads.')
    .argument('<name>', 'the name of the election')
    .option('--watch', 'tell each one that follows, until Ctrl-C')
    .addHelpText('after', '\nExample:\n  npx fencepost leader indexer --watch')
    .action(run)
}

async function run(name: string, options: Options): Promise<void> {
  if (options.watch) {
    const { watchLeader } = await import('./watch-leader.ts')
    return await watchLeader(name, options)
  }
  const { tellLeader } = await import('./tell-leader.ts')
  await tellLeader(name, options)
}
