#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { demo } from './commands/demo.ts'
import { doctor } from './commands/doctor.ts'
import { lab } from './commands/lab.ts'
import { migrate } from './commands/migrate.ts'
import { reconcile } from './commands/reconcile.ts'
import { run } from './commands/run.ts'
import { sql } from './commands/sql.ts'
import { dev } from './dev/dev.ts'
import { completion } from './completion/completion.ts'
import { cron } from './cron/cron.ts'
import { ExitCode, exitCodeOf } from './exit-code.ts'
import { jobs } from './jobs/jobs.ts'
import { leader } from './leader/leader.ts'
import { protect } from './protect/protect.ts'
import { evict } from './reading/evict.ts'
import { history } from './reading/history.ts'
import { locks } from './reading/locks.ts'
import { waits } from './reading/waits.ts'
import { who } from './reading/who.ts'
import { visibleLines } from './show/visible.ts'
import { top } from './top/top.ts'

/** A command is a file that adds itself; what it needs beyond its options it imports when it runs, so that help stays fast. */
const COMMANDS = [
  demo,
  dev,
  doctor,
  lab,
  migrate,
  sql,
  run,
  reconcile,
  who,
  locks,
  waits,
  history,
  top,
  evict,
  leader,
  protect,
  jobs,
  cron,
  completion,
]

const AFTER_HELP = `
Example:
  npx fencepost demo

Exit codes:
  0 fine   1 not there, or not done   64 usage   69 database unreachable   75 busy   78 database unusable
docs/cli.md tells more, docs/3am.md what to type when nothing moves.`

// A reader that has seen enough, such as `head`, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})
// A bug of ours; never 1, which a program that is run may mean something by.
process.on('uncaughtException', (error) => process.exit(complain(error)))
// A command says by process.exitCode what is no failure.
process.exitCode = (await main()) || process.exitCode

async function main(): Promise<number> {
  try {
    await makeProgram().parseAsync()
    return Number(process.exitCode ?? ExitCode.fine)
  } catch (error) {
    return complain(error)
  }
}

function makeProgram(): Command {
  const program = new Command('fencepost')
    .description('Locks and fencing in the PostgreSQL you already own. A zombie cannot commit.')
    .version(version())
    .exitOverride()
    // What follows a command is the command's, also -V.
    .enablePositionalOptions()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'fencepost: ')) })
    .showHelpAfterError('(--help tells more)')
    .addHelpText('after', AFTER_HELP)
  for (const add of COMMANDS) add(program)
  return program
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

/** Says in one line what went wrong, and with FENCEPOST_DEBUG where; returns the exit code. */
function complain(error: unknown): number {
  // Commander has said it already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.fine : ExitCode.usage
  const { message } = error as Error
  process.stderr.write(`fencepost: ${visibleLines(message)}\n`)
  if (process.env['FENCEPOST_DEBUG']) {
    for (let cause = error; cause instanceof Error; cause = cause.cause) process.stderr.write(`${cause.stack}\n`)
  }
  return exitCodeOf(error)
}
