import type { Command } from 'commander'
import { cancel, redrive, retry } from './anew.ts'
import { counts } from './counts.ts'
import { list } from './list.ts'
import { logs, show } from './show.ts'
import { pause, resume } from './pause.ts'

/** `jobs`, and a verb for each thing to do with them. */
export function jobs(program: Command): void {
  const command = program
    .command('jobs')
    .summary('count, list, show and log jobs; retry, cancel, redrive, pause, resume')
    .description('Count, list and show jobs, and retry, cancel, redrive, pause and resume them.')
    .addHelpText('after', '\nExample:\n  npx fencepost jobs list --state dead --queue mail')
  for (const add of [counts, list, show, logs, retry, cancel, redrive, pause, resume]) add(command)
}
