import type { Command } from 'commander'
import type { TickRecord } from '../../index.ts'
import { type NamedOptions, namedOptions } from '../database-options.ts'
import { wholeNumber } from '../jobs/job-arguments.ts'
import { openFencepost } from '../open-fencepost.ts'
import { age } from '../show/age.ts'
import { printJson } from '../show/json.ts'
import { type Column, table } from '../show/table.ts'
import { colourOf } from './list.ts'
import { instant, noSuchSchedule, runnerText } from './schedule-words.ts'

interface Options extends NamedOptions {
  readonly limit: number
}

export function history(cron: Command): void {
  namedOptions(cron.command('history'), 'schedules')
    .description(
      'Ticks of a schedule and what became of them, the newest first. Exit code 1: there is no such schedule.',
    )
    .argument('<name>', 'of the schedule')
    .option('--limit <number>', 'at most so many, up to 10000', wholeNumber, 20)
    .addHelpText('after', '\nExample:\n  npx fencepost cron history nightly-report --limit 100')
    .action(run)
}

async function run(name: string, options: Options): Promise<void> {
  const { limit, json } = options
  await using fp = await openFencepost('cron', options)
  const ticks = await fp.schedules.history(name, { limit })
  const isKnown = ticks.length > 0 || (await fp.schedules.list()).some((one) => one.name === name)
  if (!isKnown) throw noSuchSchedule(name)
  if (json) printJson(ticks)
  else process.stdout.write(ticks.length === 0 ? 'no ticks yet\n' : table(ticks, COLUMNS))
}

const COLUMNS: Column<TickRecord>[] = [
  { title: 'tick', text: ({ id }) => String(id), align: 'right', optional: true },
  { title: 'due at', text: ({ scheduledAt }) => instant(scheduledAt) },
  { title: 'state', text: ({ state }) => state, format: ({ state }) => colourOf(state) },
  { title: 'took', text: ({ durationMs }) => age(durationMs), align: 'right' },
  { title: 'attempt', text: ({ attempt }) => String(attempt), align: 'right', optional: true },
  { title: 'asked for', text: ({ isManual }) => (isManual ? 'by hand' : 'by clock'), optional: true },
  { title: 'by', text: ({ runner }) => runnerText(runner), least: 8, optional: true },
  { title: 'error', text: ({ error }) => error, least: 12, optional: true },
]
