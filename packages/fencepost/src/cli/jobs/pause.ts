import type { Command } from 'commander'
import { type NamedOptions, namedOptions } from '../database-options.ts'
import { openFencepost } from '../open-fencepost.ts'
import { printJson } from '../show/json.ts'
import { visible } from '../show/visible.ts'

export function pause(jobs: Command): void {
  namedOptions(jobs.command('pause'), 'queues')
    .description('Have no more jobs of a queue begin, on any worker, until resume; what runs goes on.')
    .argument('[queue]', 'the name of a queue', 'default')
    .addHelpText('after', '\nExample:\n  npx fencepost jobs pause mail')
    .action(runPause)
}

export function resume(jobs: Command): void {
  namedOptions(jobs.command('resume'), 'queues')
    .description('End the pause of a queue.')
    .argument('[queue]', 'the name of a queue', 'default')
    .addHelpText('after', '\nExample:\n  npx fencepost jobs resume mail')
    .action(runResume)
}

async function runPause(queue: string, options: NamedOptions): Promise<void> {
  await using fp = await openFencepost('jobs', options)
  const changed = await fp.jobs.pause(queue)
  if (options.json) return printJson({ queue, paused: true, changed })
  process.stdout.write(`queue "${visible(queue)}" ${changed ? 'is paused; what runs goes on' : 'was paused already'}\n`)
}

async function runResume(queue: string, options: NamedOptions): Promise<void> {
  await using fp = await openFencepost('jobs', options)
  const changed = await fp.jobs.resume(queue)
  if (options.json) return printJson({ queue, paused: false, changed })
  process.stdout.write(`queue "${visible(queue)}" ${changed ? 'goes on' : 'was not paused'}\n`)
}
