import type { Command } from 'commander'
import type { JobRecord } from '../../index.ts'
import { type NamedOptions, namedOptions } from '../database-options.ts'
import { CommandError, ExitCode } from '../exit-code.ts'
import { openFencepost } from '../open-fencepost.ts'
import { age } from '../show/age.ts'
import { printJson } from '../show/json.ts'
import { visible } from '../show/visible.ts'
import { jobId, wholeNumber } from './job-arguments.ts'
import { holderText, sinceOf } from './job-words.ts'

const LABEL = 12

export function show(jobs: Command): void {
  namedOptions(jobs.command('show'), 'queues')
    .description('All that is known of one job.')
    .argument('<id>', 'the id of a job', jobId)
    .addHelpText('after', '\nExample:\n  npx fencepost jobs show 42')
    .action(runShow)
}

export function logs(jobs: Command): void {
  namedOptions(jobs.command('logs'), 'queues')
    .description('What a job has logged, over all its attempts, in order.')
    .argument('<id>', 'the id of a job', jobId)
    .option('--limit <number>', 'the last so many lines', wholeNumber, 1000)
    .addHelpText('after', '\nExample:\n  npx fencepost jobs logs 42')
    .action(runLogs)
}

async function runShow(id: number, options: NamedOptions): Promise<void> {
  await using fp = await openFencepost('jobs', options)
  const job = await fp.jobs.get(id)
  if (job === null) throw noSuchJob(id)
  if (options.json) printJson(job)
  else process.stdout.write(describe(job))
}

async function runLogs(id: number, options: NamedOptions & { readonly limit: number }): Promise<void> {
  await using fp = await openFencepost('jobs', options)
  const lines = await fp.jobs.logs(id, { limit: options.limit })
  if (options.json) return printJson(lines)
  for (const { attempt, loggedAt, line } of lines) {
    process.stdout.write(`${loggedAt.toISOString()}  attempt ${attempt}  ${visible(line)}\n`)
  }
  if (lines.length === 0) process.stderr.write(`job ${id} has logged nothing, or there is no such job\n`)
}

/** Never was, or it is done and was not kept. */
export function noSuchJob(id: number): CommandError {
  return new CommandError(`there is no job ${id}: it never was, or is done and was not kept`, ExitCode.nobody)
}

/** A line for each thing that is known. */
function describe(job: JobRecord): string {
  const ms = Date.now() - sinceOf(job).getTime()
  const since = ms < 0 ? `due in ${age(-ms)}` : `for ${age(ms)}`
  const lines: [label: string, text: string | null][] = [
    ['job', `${job.id}, ${job.name} of queue ${job.queue}`],
    ['state', `${job.state}, ${since}`],
    ['attempt', `${job.attempt} of ${job.attempts}${job.crashes > 0 ? `; ${job.crashes} workers died with it` : ''}`],
    ['by', holderText(job.holder)],
    ['token', job.token === null ? null : String(job.token)],
    ['error', job.error],
    ['key', job.key],
    ['group', job.group],
    ['parent', job.parent === null ? null : String(job.parent)],
    ['waits for', job.children === 0 ? null : `${job.children} children`],
    ['enqueued', job.enqueuedAt.toISOString()],
    ['due', job.runAt?.toISOString() ?? null],
    ['finished', job.finishedAt?.toISOString() ?? null],
    ['kept until', job.expiresAt?.toISOString() ?? null],
    ['payload', JSON.stringify(job.payload)],
    ['progress', job.progress === null ? null : JSON.stringify(job.progress)],
    ['result', job.result === null ? null : JSON.stringify(job.result)],
  ]
  return lines.flatMap(([label, text]) => (text === null ? [] : [`${label.padEnd(LABEL)}${visible(text)}\n`])).join('')
}
