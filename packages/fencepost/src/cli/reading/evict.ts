import type { Command } from 'commander'
import type { Duration } from '../../ground/duration.ts'
import { type NamedOptions, namedOptions } from '../database-options.ts'
import { CommandError, ExitCode } from '../exit-code.ts'
import { confirm } from '../show/confirm.ts'
import { printJson } from '../show/json.ts'
import { visible } from '../show/visible.ts'
import { evicteeOf, evictionText, takeAway } from './eviction.ts'
import { askedLock } from './lock-key.ts'
import { whoText } from './lock-words.ts'
import { openSurvey, tell, tellNotes } from './open-survey.ts'
import { describeWho, type Holding, holdingOf, notesElsewhere } from './who.ts'

interface Options extends NamedOptions {
  readonly grace: Duration
  readonly yes?: boolean
}

const EXAMPLES = `
Examples:
  npx fencepost evict report --grace 30s --yes
  npx fencepost evict 'stripe#3' --namespace default/semaphore    # permit 3 of fp.semaphore('stripe', …)`

export function evict(program: Command): void {
  namedOptions(program.command('evict'))
    .summary('take a lock away from its holder')
    .description(
      'Take a lock away from its holder: it is asked to let go, and its connection is ended if it has not after the grace. Says first whom it hits. ' +
        'Exit code 1: nothing was done, as you said no, or somebody else holds it by now.',
    )
    .argument('<name>', 'the name of the lock')
    .option('--grace <duration>', 'how long the holder has to let go by itself', '5s')
    .option('--yes', 'do not ask; needed where there is no terminal')
    .addHelpText('after', EXAMPLES)
    .action(run)
}

async function run(name: string, options: Options): Promise<void> {
  const asked = await askedLock(name, options)
  const holding = await look(asked, options)
  if (holding.held.length === 0) {
    tell(`nobody holds "${visible(name)}": there is nothing to do`)
    if (options.json) printJson({ outcome: 'not held', token: null, holders: [] })
    return
  }
  const evictee = evicteeOf(holding)
  tell(warning(holding, options))
  if (!(await confirm(`Take "${visible(name)}" away?`, { yes: options.yes === true }))) {
    throw new CommandError('nothing was done', ExitCode.nobody)
  }
  const report = await takeAway(name, options, evictee)
  if (options.json) printJson(report)
  else process.stdout.write(`${evictionText(name, report)}\n`)
  process.exitCode = report.outcome === 'changed' ? ExitCode.nobody : ExitCode.fine
}

async function look(asked: Parameters<typeof holdingOf>[0], options: Options): Promise<Holding> {
  await using survey = await openSurvey('evict', options)
  const seen = await survey.locks()
  const holding = holdingOf(asked, seen)
  tellNotes({ notes: [...seen.notes, ...notesElsewhere(holding, seen)] })
  return holding
}

/** Who has it, and what will become of them. */
function warning(holding: Holding, { grace }: Options): string {
  const what =
    holding.held[0]?.token == null
      ? `It was not taken through fencepost: its backend cannot be asked, and is ended after ${grace} with everything it holds.`
      : `Its guarded commits wait from now on and are refused afterwards (StaleTokenError). It is asked to let go of this one lock; ` +
        `if it has not after ${grace}, its connection is ended, with every lock on it.`
  const next =
    holding.waiting[0] === undefined ? 'Nobody waits for it.' : `Next in line: ${visible(whoText(holding.waiting[0]))}.`
  return `${describeWho(holding, { stream: process.stderr })}${what} ${next}`
}
