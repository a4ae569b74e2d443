import type { Command } from 'commander'
import { forget } from './forget.ts'
import { history } from './history.ts'
import { list } from './list.ts'
import { pause, resume, run } from './steer.ts'

/** `cron`, and a verb for each thing to do with schedules. */
export function cron(program: Command): void {
  const command = program
    .command('cron')
    .summary('list schedules and their history; run one now, pause, resume, forget')
    .description('List schedules and what became of their ticks; run one now, pause, resume and forget it.')
    .addHelpText('after', '\nExample:\n  npx fencepost cron history nightly-report')
  for (const add of [list, history, run, pause, resume, forget]) add(command)
}
