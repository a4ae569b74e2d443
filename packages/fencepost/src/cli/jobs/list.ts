import { type Command, Option } from 'commander'
import type { JobRecord, JobState } from '../../index.ts'
import { type NamedOptions, namedOptions } from '../database-options.ts'
import { openFencepost } from '../open-fencepost.ts'
import { age } from '../show/age.ts'
import { printJson } from '../show/json.ts'
import { type Column, table } from '../show/table.ts'
import { jobId, wholeNumber } from './job-arguments.ts'
import { holderText, sinceOf } from './job-words.ts'

interface Options extends NamedOptions {
  readonly queue?: string
  readonly name?: string
  readonly state?: JobState
  readonly limit: number
  readonly before?: number
}

const STATES = ['ready', 'delayed', 'waiting', 'running', 'done', 'dead', 'cancelled']

export function list(jobs: Command): void {
  namedOptions(jobs.command('list'), 'queues')
    .description('Jobs, the newest first.')
    .option('--queue <queue>', 'only of this queue')
    .option('--name <name>', 'only of this definition')
    .addOption(new Option('--state <state>', 'only in this state').choices(STATES))
    .option('--limit <number>', 'at most so many, up to 10000', wholeNumber, 20)
    .option('--before <id>', 'only with smaller ids: the next page', jobId)
    .addHelpText('after', '\nExample:\n  npx fencepost jobs list --state dead --queue mail')
    .action(run)
}

async function run(options: Options): Promise<void> {
  const { queue, name, state, limit, before, json } = options
  await using fp = await openFencepost('jobs', options)
  const which = {
    ...(queue && { queue }),
    ...(name && { name }),
    ...(state && { state }),
    ...(before && { before }),
    limit,
  }
  const found = await fp.jobs.list(which)
  if (json) return printJson(found)
  process.stdout.write(found.length === 0 ? 'no such jobs\n' : table(found, columns(Date.now())))
  const last = found.at(-1)
  if (last !== undefined && found.length === limit) process.stderr.write(`the next ones: --before ${last.id}\n`)
}

function columns(now: number): Column<JobRecord>[] {
  return [
    { title: 'id', text: ({ id }) => String(id), align: 'right' },
    { title: 'queue', text: ({ queue }) => queue, least: 6 },
    { title: 'job', text: ({ name }) => name, least: 6 },
    { title: 'state', text: ({ state }) => state, format: ({ state }) => (state === 'dead' ? 'red' : undefined) },
    { title: 'for', text: (job) => forText(job, now), align: 'right' },
    { title: 'attempt', text: ({ attempt, attempts }) => `${attempt} of ${attempts}`, align: 'right' },
    { title: 'by', text: ({ holder }) => holderText(holder), least: 8, optional: true },
    { title: 'error', text: ({ error }) => error, least: 12, optional: true },
  ]
}

/** One that is not due yet: in how long it is. */
function forText(job: JobRecord, now: number): string | null {
  const ms = now - sinceOf(job).getTime()
  return ms < 0 && job.state === 'delayed' ? `in ${age(-ms)}` : age(ms)
}
