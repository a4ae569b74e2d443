import type { Command } from 'commander'
import type { Fencepost } from '../../index.ts'
import { type NamedOptions, namedOptions } from '../database-options.ts'
import { openFencepost } from '../open-fencepost.ts'
import { printJson } from '../show/json.ts'
import { visible } from '../show/visible.ts'
import { noSuchSchedule } from './schedule-words.ts'

export function run(cron: Command): void {
  namedOptions(cron.command('run'), 'schedules')
    .description(
      'Have a schedule run once now, besides its ticks, in whichever process begins it first; also while it is paused. ' +
        'If no process is there, the next to come runs it. Exit code 1: there is no such schedule.',
    )
    .argument('<name>', 'of the schedule')
    .addHelpText('after', '\nExample:\n  npx fencepost cron run nightly-report')
    .action(runNow)
}

export function pause(cron: Command): void {
  namedOptions(cron.command('pause'), 'schedules')
    .description(
      'Have no more ticks of a schedule begin, in any process, until resume; what runs goes on, and ticks of the meantime are none. ' +
        'Exit code 1: there is no such schedule.',
    )
    .argument('<name>', 'of the schedule')
    .addHelpText('after', '\nExample:\n  npx fencepost cron pause nightly-report')
    .action(runPause)
}

export function resume(cron: Command): void {
  namedOptions(cron.command('resume'), 'schedules')
    .description('End the pause of a schedule: it goes on with its next tick. Exit code 1: there is no such schedule.')
    .argument('<name>', 'of the schedule')
    .addHelpText('after', '\nExample:\n  npx fencepost cron resume nightly-report')
    .action(runResume)
}

async function runNow(name: string, options: NamedOptions): Promise<void> {
  await using fp = await openFencepost('cron', options)
  const id = await fp.schedules.runNow(name)
  if (id === null) throw noSuchSchedule(name)
  if (options.json) return printJson({ name, id })
  process.stdout.write(`schedule "${visible(name)}" is to run now: tick ${id} of its history\n`)
}

async function runPause(name: string, options: NamedOptions): Promise<void> {
  await using fp = await openFencepost('cron', options)
  const changed = await fp.schedules.pause(name)
  await requireIt(fp, name, changed)
  if (options.json) return printJson({ name, paused: true, changed })
  process.stdout.write(
    `schedule "${visible(name)}" ${changed ? 'is paused; what runs goes on' : 'was paused already'}\n`,
  )
}

async function runResume(name: string, options: NamedOptions): Promise<void> {
  await using fp = await openFencepost('cron', options)
  const changed = await fp.schedules.resume(name)
  await requireIt(fp, name, changed)
  if (options.json) return printJson({ name, paused: false, changed })
  process.stdout.write(`schedule "${visible(name)}" ${changed ? 'goes on with its next tick' : 'was not paused'}\n`)
}

/** What was changed is there; what was not may be so already, or not be there. */
async function requireIt(fp: Fencepost, name: string, changed: boolean): Promise<void> {
  if (!changed && !(await fp.schedules.list()).some((one) => one.name === name)) throw noSuchSchedule(name)
}
