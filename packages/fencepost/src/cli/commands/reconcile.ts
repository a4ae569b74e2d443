import { type Command, Option } from 'commander'
import type { OnceRecord, Settlement } from '../../index.ts'
import { CommandError, ExitCode } from '../exit-code.ts'
import { say } from '../say.ts'
import { type NamedOptions, namedOptions } from '../database-options.ts'
import { openFencepost } from '../open-fencepost.ts'
import { printJson } from '../show/json.ts'
import { visible } from '../show/visible.ts'

interface Options extends NamedOptions {
  readonly as?: Settlement['as']
}

export function reconcile(program: Command): void {
  namedOptions(program.command('reconcile'), 'keys')
    .summary('list the once-keys that are uncertain, and settle them')
    .description(
      'List the once-keys of which it is not known whether they were done; with a key and --as, say how it ended, ' +
        'once you have found out. Exit code 1: there is no such key.',
    )
    .argument('[key]', 'the key to settle')
    .addOption(
      new Option('--as <outcome>', 'how it ended; retry: it was not done, the next call runs it').choices([
        'done',
        'failed',
        'retry',
      ]),
    )
    .addHelpText('after', '\nExample:\n  npx fencepost reconcile report:2026-11-30 --as done')
    .action(settleOrList)
}

async function settleOrList(key: string | undefined, options: Options): Promise<void> {
  const { as, json } = options
  if ((key === undefined) !== (as === undefined)) {
    throw new CommandError('a key and --as go together; without both, what is uncertain is listed', ExitCode.usage)
  }
  await using fp = await openFencepost('reconcile', options)
  if (key === undefined || as === undefined) return print(await fp.reconcile(), json)
  const record = await fp.reconcile({ key, as })
  if (record === null) throw new CommandError(`there is no once-key "${key}"`, ExitCode.nobody)
  if (record.state !== as) say(`"${key}" was settled already, and stays as it is`)
  print([record], json)
}

function print(records: readonly OnceRecord[], json = false): void {
  if (json) return printJson(records)
  if (records.length === 0) say('nothing is uncertain')
  for (const record of records) process.stdout.write(`${describe(record)}\n`)
}

function describe({ key, state, attempt, runner, startedAt, idempotencyKey }: OnceRecord): string {
  const by = `${runner.application || 'a program'}@${runner.host} pid ${runner.process}`
  return `${visible(key)}\t${state}\tattempt ${attempt} at ${startedAt.toISOString()} by ${visible(by)}\tidempotency key ${idempotencyKey}`
}
