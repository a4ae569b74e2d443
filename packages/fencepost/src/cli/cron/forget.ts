import type { Command } from 'commander'
import type { ScheduleRecord } from '../../index.ts'
import { type NamedOptions, namedOptions } from '../database-options.ts'
import { CommandError, ExitCode } from '../exit-code.ts'
import { openFencepost } from '../open-fencepost.ts'
import { confirm } from '../show/confirm.ts'
import { printJson } from '../show/json.ts'
import { visible } from '../show/visible.ts'
import { instant, noSuchSchedule, runnerText } from './schedule-words.ts'

interface Options extends NamedOptions {
  readonly yes?: boolean
}

export function forget(cron: Command): void {
  namedOptions(cron.command('forget'), 'schedules')
    .description(
      'Remove a schedule that your code has no more, and its history; one that a process still declares comes back as new. ' +
        'Exit code 1: there is no such schedule, or you said no.',
    )
    .argument('<name>', 'of the schedule')
    .option('--yes', 'do not ask; needed where there is no terminal')
    .addHelpText('after', '\nExample:\n  npx fencepost cron forget an-old-report --yes')
    .action(run)
}

async function run(name: string, options: Options): Promise<void> {
  await using fp = await openFencepost('cron', options)
  const schedule = (await fp.schedules.list()).find((one) => one.name === name)
  if (schedule === undefined) throw noSuchSchedule(name)
  process.stderr.write(`${visible(whatIsLost(schedule))}\n`)
  if (!(await confirm(`Forget "${visible(name)}" and its history?`, { yes: options.yes === true }))) {
    throw new CommandError('nothing was done', ExitCode.nobody)
  }
  // False: somebody else was first.
  const forgotten = await fp.schedules.forget(name)
  if (options.json) return printJson({ name, forgotten })
  process.stdout.write(`schedule "${visible(name)}" is forgotten\n`)
}

function whatIsLost({ name, expression, tz, declaredAt, declaredBy, running }: ScheduleRecord): string {
  const runs =
    running === 0
      ? ''
      : `; ${running} of its ticks ${running === 1 ? 'runs' : 'run'}, and what ${running === 1 ? 'it still wants' : 'they still want'} to commit is refused`
  return `schedule "${name}", '${expression}' in ${tz}, declared by ${runnerText(declaredBy)} at ${instant(declaredAt)}${runs}`
}
