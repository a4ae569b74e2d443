import type { Command } from 'commander'
import type { ScheduleRecord } from '../../index.ts'
import { type NamedOptions, namedOptions } from '../database-options.ts'
import { openFencepost } from '../open-fencepost.ts'
import type { Format } from '../paint.ts'
import { age } from '../show/age.ts'
import { printJson } from '../show/json.ts'
import { type Column, table } from '../show/table.ts'
import { nextText, runnerText } from './schedule-words.ts'

const BAD: readonly (string | undefined)[] = ['failed', 'lost', 'missed']

export function list(cron: Command): void {
  namedOptions(cron.command('list', { isDefault: true }), 'schedules')
    .description('Schedules: when each is next due, what became of its last tick, how many were missed and skipped.')
    .addHelpText('after', '\nExample:\n  npx fencepost cron list --json')
    .action(run)
}

async function run(options: NamedOptions): Promise<void> {
  await using fp = await openFencepost('cron', options)
  const found = await fp.schedules.list()
  if (options.json) printJson(found)
  else process.stdout.write(found.length === 0 ? 'no schedules\n' : table(found, columns(Date.now())))
}

function columns(now: number): Column<ScheduleRecord>[] {
  return [
    { title: 'schedule', text: ({ name }) => name, least: 16 },
    { title: 'at', text: ({ expression }) => expression, least: 9, optional: true },
    { title: 'tz', text: ({ tz }) => tz, least: 6, optional: true },
    { title: 'next', text: (one) => nextText(one, now), format: (one) => nextFormat(one, now) },
    { title: 'last', text: ({ last }) => last?.state ?? null, format: ({ last }) => colourOf(last?.state) },
    { title: 'ago', text: ({ last }) => age(last && now - last.scheduledAt.getTime()), align: 'right', optional: true },
    { title: 'took', text: ({ last }) => age(last?.durationMs ?? null), align: 'right', optional: true },
    { title: 'running', text: ({ running }) => String(running), align: 'right', optional: true },
    { title: 'queued', text: ({ queued }) => String(queued), align: 'right', optional: true },
    { title: 'missed', text: ({ missedTicks }) => missedTicks.toLocaleString('en'), align: 'right', optional: true },
    { title: 'skipped', text: ({ skippedTicks }) => skippedTicks.toLocaleString('en'), align: 'right', optional: true },
    { title: 'by', text: ({ last }) => runnerText(last?.runner ?? null), least: 8, optional: true },
    { title: 'error', text: ({ last }) => last?.error ?? null, least: 12, optional: true },
  ]
}

/** Overdue: nobody is there to run it. */
function nextFormat({ nextAt }: ScheduleRecord, now: number): Format | undefined {
  return nextAt !== null && nextAt.getTime() < now ? 'red' : undefined
}

export function colourOf(state: string | undefined): Format | undefined {
  return BAD.includes(state) ? 'red' : undefined
}
