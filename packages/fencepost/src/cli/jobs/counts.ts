import type { Command } from 'commander'
import type { JobCount } from '../../index.ts'
import { type NamedOptions, namedOptions } from '../database-options.ts'
import { openFencepost } from '../open-fencepost.ts'
import { age } from '../show/age.ts'
import { printJson } from '../show/json.ts'
import { type Column, table } from '../show/table.ts'

export function counts(jobs: Command): void {
  namedOptions(jobs.command('counts', { isDefault: true }), 'queues')
    .description('How many jobs there are by queue, name and state, and how old the oldest is.')
    .addHelpText('after', '\nExample:\n  npx fencepost jobs counts --json')
    .action(run)
}

async function run(options: NamedOptions): Promise<void> {
  await using fp = await openFencepost('jobs', options)
  const found = await fp.jobs.counts()
  if (options.json) printJson(found)
  else process.stdout.write(found.length === 0 ? 'no jobs\n' : table(found, COLUMNS))
}

const COLUMNS: Column<JobCount>[] = [
  { title: 'queue', text: ({ queue }) => queue, least: 8 },
  { title: 'job', text: ({ name }) => name, least: 8 },
  { title: 'state', text: ({ state }) => state, format: ({ state }) => (state === 'dead' ? 'red' : undefined) },
  {
    title: 'jobs',
    text: ({ jobs, isEstimate }) => `${isEstimate ? '~' : ''}${Math.round(jobs).toLocaleString('en')}`,
    align: 'right',
  },
  {
    title: 'oldest',
    text: ({ state, oldestAgeMs }) => (state === 'delayed' && oldestAgeMs === 0 ? 'not due' : age(oldestAgeMs)),
    align: 'right',
  },
]
