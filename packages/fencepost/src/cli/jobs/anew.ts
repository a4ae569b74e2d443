import type { Command } from 'commander'
import type { Fencepost, JobRecord } from '../../index.ts'
import { type NamedOptions, namedOptions } from '../database-options.ts'
import { CommandError, ExitCode } from '../exit-code.ts'
import { openFencepost } from '../open-fencepost.ts'
import { confirm } from '../show/confirm.ts'
import { printJson } from '../show/json.ts'
import { visible } from '../show/visible.ts'
import { jobIds, wholeNumber } from './job-arguments.ts'
import { holderText, jobText } from './job-words.ts'
import { noSuchJob } from './show.ts'

interface CancelOptions extends NamedOptions {
  readonly yes?: boolean
}

interface RedriveOptions extends CancelOptions {
  readonly queue?: string
  readonly name?: string
  readonly limit: number
}

export function retry(jobs: Command): void {
  namedOptions(jobs.command('retry'), 'queues')
    .description(
      'Have jobs run now: delayed ones at once; dead, cancelled and kept ones anew, with all their attempts. Exit code 1: not all could.',
    )
    .argument('<ids...>', 'the ids of jobs', jobIds)
    .addHelpText('after', '\nExample:\n  npx fencepost jobs retry 42')
    .action(runRetry)
}

export function cancel(jobs: Command): void {
  namedOptions(jobs.command('cancel'), 'queues')
    .description(
      'Take jobs out of their queue. One that runs is told by its signal, and can commit nothing any more. Exit code 1: not all could, or you said no.',
    )
    .argument('<ids...>', 'the ids of jobs', jobIds)
    .option('--yes', 'do not ask; needed where there is no terminal')
    .addHelpText('after', '\nExample:\n  npx fencepost jobs cancel 42 --yes')
    .action(runCancel)
}

export function redrive(jobs: Command): void {
  namedOptions(jobs.command('redrive'), 'queues')
    .description('Have dead jobs begin anew, with all their attempts, the oldest first.')
    .option('--queue <queue>', 'only of this queue')
    .option('--name <name>', 'only of this definition')
    .option('--limit <number>', 'at most so many, up to 10000', wholeNumber, 1000)
    .option('--yes', 'do not ask; needed where there is no terminal')
    .addHelpText('after', '\nExample:\n  npx fencepost jobs redrive --queue mail --limit 100 --yes')
    .action(runRedrive)
}

async function runRetry(ids: readonly number[], options: NamedOptions): Promise<void> {
  await using fp = await openFencepost('jobs', options)
  const done = await each(ids, (id) => fp.jobs.retry(id))
  tell(done, options, {
    did: 'runs now',
    not: 'was left as it is: it waits or runs already, another job has its key, or there is no such job',
  })
}

async function runCancel(ids: readonly number[], options: CancelOptions): Promise<void> {
  await using fp = await openFencepost('jobs', options)
  const jobs = await each(ids, async (id) => (await fp.jobs.get(id)) ?? refuse(noSuchJob(id)))
  for (const { result: job } of jobs) process.stderr.write(`${visible(whatIsCut(job))}\n`)
  const question = ids.length === 1 ? `Cancel job ${ids[0]}?` : `Cancel these ${ids.length} jobs?`
  if (!(await confirm(question, { yes: options.yes === true })))
    throw new CommandError('nothing was done', ExitCode.nobody)
  const done = await each(ids, (id) => fp.jobs.cancel(id))
  tell(done, options, { did: 'is cancelled', not: 'was not cancelled: it is finished' })
}

async function runRedrive(options: RedriveOptions): Promise<void> {
  const { queue, name, limit, json, yes = false } = options
  await using fp = await openFencepost('jobs', options)
  const dead = await countDead(fp, options)
  const which = `dead jobs${name === undefined ? '' : ` "${visible(name)}"`}${queue === undefined ? '' : ` of queue "${visible(queue)}"`}`
  if (dead === 0) process.stderr.write(`there are no ${which}\n`)
  else if (
    !(await confirm(
      `Begin ${Math.min(dead, limit).toLocaleString('en')} of ${dead.toLocaleString('en')} ${which} anew?`,
      { yes },
    ))
  )
    throw new CommandError('nothing was done', ExitCode.nobody)
  const redriven = dead === 0 ? 0 : await fp.jobs.redrive({ ...(queue && { queue }), ...(name && { name }), limit })
  if (json) return printJson({ redriven })
  process.stdout.write(`${redriven.toLocaleString('en')} ${redriven === 1 ? 'job begins' : 'jobs begin'} anew\n`)
}

async function countDead(fp: Fencepost, { queue, name }: RedriveOptions): Promise<number> {
  const dead = (await fp.jobs.counts()).filter((count) => count.state === 'dead')
  const meant = dead.filter((count) => (queue ?? count.queue) === count.queue && (name ?? count.name) === count.name)
  return meant.reduce((sum, { jobs }) => sum + Math.round(jobs), 0)
}

function whatIsCut(job: JobRecord): string {
  const by =
    job.holder === null
      ? ''
      : `, by ${holderText(job.holder)}: it is told, and what it still wants to commit is refused`
  return `${jobText(job)}${by}`
}

interface Done<T> {
  readonly id: number
  readonly result: T
}

async function each<T>(ids: readonly number[], act: (id: number) => Promise<T>): Promise<Done<T>[]> {
  const done: Done<T>[] = []
  for (const id of ids) done.push({ id, result: await act(id) })
  return done
}

function tell(
  done: readonly Done<boolean>[],
  { json }: NamedOptions,
  { did, not }: { did: string; not: string },
): void {
  if (json) printJson(done.map(({ id, result }) => ({ id, done: result })))
  else for (const { id, result } of done) process.stdout.write(`job ${id} ${result ? did : not}\n`)
  if (done.some(({ result }) => !result)) process.exitCode = ExitCode.nobody
}

function refuse(error: Error): never {
  throw error
}
