import { type Command, InvalidArgumentError } from 'commander'
import { type Duration, parseDuration } from '../../ground/duration.ts'
import { checkName } from '../../ground/name.ts'
import { namedOptions } from '../database-options.ts'
import { CommandError, ExitCode } from '../exit-code.ts'
import { targetOf } from '../target.ts'

interface Options {
  readonly wait?: Duration | false
  readonly permits?: number
  readonly replaces?: number
  readonly shared?: boolean
  readonly once?: string
  readonly retention?: Duration
  readonly retryUncertain?: boolean
  readonly busyOk?: boolean
  readonly busyCode: number
  readonly grace: Duration
  readonly quiet?: boolean
  readonly url?: string
  readonly schema: string
  readonly namespace: string
  readonly freezeTimeout: Duration
}

const LONGEST_RETENTION_MS = 36_500 * 86_400_000
const MOST_PERMITS = 1000
const USAGE = 'fencepost run <name> [options] -- <program> [arguments...]'
const EXAMPLES = `
Examples:
  npx fencepost run report -- make-report --format pdf
  npx fencepost run nightly --no-wait --busy-ok --quiet -- ./nightly.sh      # a crontab line of several machines
  npx fencepost run report --once "report:$(date +%F)" -- make-report        # once a day, whoever comes first
  npx fencepost run render -n 4 -- render scene.blend                        # at most four at a time, on all machines
  npx fencepost run import --wait 10m -- psql -f import.sql                  # fenced, where its tables are protected

Exit code: that of the program, or 128 and the number of the signal that ended it. Of fencepost itself:
  64 usage   69 database unreachable   75 busy (-E, --busy-ok)   78 unusable database, other number of permits
  79 lock lost while the program ran   80 not known whether it was done (--once)   126, 127 cannot run, not found
docs/run.md tells more.`

export function run(program: Command): void {
  const command = namedOptions(program.command('run'), 'lock', { json: false })
    .usage(USAGE.replace('fencepost run ', ''))
    .summary('run a program while a lock, or one of so many permits, is held')
    .description('Run a program while a lock, or one of a number of permits, is held; stop it when that is lost.')
    .argument('<name>', 'of the lock')
    .argument('[program...]', 'and its arguments, which stay as they are')
    .option(
      '--wait <duration>',
      'how long to wait for the lock or a permit, such as 30s or 10m (default: as long as it takes)',
      waitTime,
    )
    .option('--no-wait', 'do not wait')
    .option('-n, --permits <number>', 'run at most so many at a time; all say the same number', permits)
    .option('--replaces <number>', 'with -n: the number that those of an older deployment may still say', permits)
    .option('--shared', 'together with other shared holders')
    .option('--once <key>', 'run it once per key: do nothing if a run with that key has ended with 0', onceKey)
    .option('--retention <duration>', 'for how long a key is kept that is done (default: for ever)', retentionTime)
    .option('--retry-uncertain', 'run it again also if it is not known whether an earlier run did it')
    .option('--busy-ok', 'exit with 0 if it is not granted')
    .option('-E, --busy-code <code>', 'exit code if it is not granted', exitCode, ExitCode.busy)
    .option('--grace <duration>', 'from TERM to KILL when it is lost', duration, '10s')
    .option('--quiet', 'print nothing unless it fails, and then all that it has printed')
    .option(
      '--freeze-timeout <duration>',
      'how long this process may be frozen before it loses the lock',
      duration,
      '60s',
    )
    .addHelpText('after', EXAMPLES)
    .action(start)
  // Mostly an option of the program.
  const hint = `what is the program's comes after --: ${USAGE}\n`
  const outputError = (text: string, write: (text: string) => void) =>
    write(`${text.replace(/^error: /, 'fencepost: ')}${afterDashes(command) === undefined ? hint : ''}`)
  command.configureOutput({ outputError })
}

async function start(name: string, words: string[], options: Options, command: Command): Promise<void> {
  const program = programOf(command, [name, ...words])
  const { url, once, retention, retryUncertain = false, busyOk, busyCode, grace, ...rest } = options
  const { permits: number, replaces, ...others } = rest
  if (once === undefined && (retention !== undefined || retryUncertain)) {
    throw new CommandError('--retention and --retry-uncertain are for --once', ExitCode.usage)
  }
  if (number !== undefined && others.shared) {
    throw new CommandError('--shared is for a lock, not for permits (-n)', ExitCode.usage)
  }
  if (number === undefined && replaces !== undefined) {
    throw new CommandError('--replaces is for permits (-n)', ExitCode.usage)
  }
  const target = targetOf(url)
  const [{ run: runProgram }, { interruptShell }] = await Promise.all([
    import('../run/run.ts'),
    import('../run/exit.ts'),
  ])
  process.exitCode = await runProgram({
    shared: false,
    quiet: false,
    wait: undefined,
    ...others,
    name,
    target,
    busyCode: busyOk ? ExitCode.fine : busyCode,
    permits: number === undefined ? null : { number, replaces },
    once: once === undefined ? null : { key: once, retention, retryUncertain },
    graceMs: parseDuration(grace, '--grace'),
    command: program,
  })
  if (process.exitCode === ExitCode.interrupted) interruptShell()
}

/** The program and its arguments, to the letter: what stands after the first `--`. */
function programOf(command: Command, words: readonly string[]): readonly [string, ...string[]] {
  const [program, ...args] = afterDashes(command) ?? refuse(`-- is missing before the program: ${USAGE}`)
  if (program === undefined) return refuse(`no program is given after --: ${USAGE}`)
  const before = words.slice(0, words.length - args.length - 1)
  if (before.length === 0) return refuse(`the name of the lock is missing: ${USAGE}`)
  if (before.length > 1) return refuse(`only the name stands before --, and "${before[1]}" does too: ${USAGE}`)
  return [program, ...args]
}

/** Undefined without `--`. */
function afterDashes(command: Command): string[] | undefined {
  const { rawArgs } = command.parent as Command & { readonly rawArgs: readonly string[] }
  const dashes = rawArgs.indexOf('--')
  return dashes === -1 ? undefined : rawArgs.slice(dashes + 1)
}

function refuse(why: string): never {
  throw new CommandError(why, ExitCode.usage)
}

/** No time at all, which would be over before there is a connection, is not to wait. */
function waitTime(text: string): Duration | false {
  const wait = duration(text)
  return parseDuration(wait, '--wait') > 0 && wait
}

function duration(text: string): Duration {
  atOnce(() => parseDuration(text, 'It'))
  return text as Duration
}

/** As the library has it; said before anybody waits. */
function retentionTime(text: string): Duration {
  if (atOnce(() => parseDuration(text, 'It', LONGEST_RETENTION_MS)) >= 1000) return text as Duration
  throw new InvalidArgumentError('It must be at least 1s.')
}

function onceKey(text: string): string {
  atOnce(() => checkName(text))
  return text
}

function atOnce<T>(check: () => T): T {
  try {
    return check()
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message.replace('a lock name', 'It'))
  }
}

/** As the library has it; said before anybody connects. */
function permits(text: string): number {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (number >= 1 && number <= MOST_PERMITS) return number
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${MOST_PERMITS}.`)
}

function exitCode(text: string): number {
  const code = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (code <= 255) return code
  throw new InvalidArgumentError('It must be a whole number from 0 to 255.')
}
