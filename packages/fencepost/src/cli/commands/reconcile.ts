import { type Command, Option } from 'commander'
import type { OnceRecord, Settlement } from '../../index.ts'
import { CommandError, ExitCode } from '../exit-code.ts'
import { say } from '../say.ts'
import { targetOf } from '../target.ts'

interface Options {
  readonly as?: Settlement['as']
  readonly url?: string
  readonly schema: string
  readonly namespace: string
  readonly json?: boolean
}

export function reconcile(program: Command): void {
  program
    .command('reconcile')
    .description(
      'List the once-keys of which it is not known whether they were done; with a key and --as, say how it ended, ' +
        'once you have found out.',
    )
    .argument('[key]', 'the key to settle')
    .addOption(
      new Option('--as <outcome>', 'how it ended; retry: it was not done, the next call runs it').choices([
        'done',
        'failed',
        'retry',
      ]),
    )
    .option('--url <url>', 'the database (default: DATABASE_URL, else PGHOST, PGUSER, PGDATABASE …)')
    .option('--schema <name>', 'where the tables and functions live', 'fencepost')
    .option('--namespace <name>', 'of the keys', 'default')
    .option('--json', 'print the records as JSON')
    .addHelpText('after', '\nExample:\n  npx fencepost reconcile report:2026-11-30 --as done')
    .action(settleOrList)
}

async function settleOrList(key: string | undefined, { as, url, schema, namespace, json }: Options): Promise<void> {
  if ((key === undefined) !== (as === undefined)) {
    throw new CommandError('a key and --as go together; without both, what is uncertain is listed', ExitCode.usage)
  }
  const target = targetOf(url)
  const { fencepost } = await import('../../index.ts')
  await using fp = fencepost(target, { schema, namespace })
  if (key === undefined || as === undefined) return print(await fp.reconcile(), json)
  const record = await fp.reconcile({ key, as })
  if (record === null) throw new CommandError(`there is no once-key "${key}"`, ExitCode.usage)
  if (record.state !== as) say(`"${key}" was settled already, and stays as it is`)
  print([record], json)
}

function print(records: readonly OnceRecord[], json = false): void {
  if (!json && records.length === 0) say('nothing is uncertain')
  const lines = json ? [JSON.stringify(records)] : records.map(describe)
  process.stdout.write(lines.map((line) => `${line}\n`).join(''))
}

function describe({ key, state, attempt, runner, startedAt, idempotencyKey }: OnceRecord): string {
  const by = `${runner.application || 'a program'}@${runner.host} pid ${runner.process}`
  return `${key}\t${state}\tattempt ${attempt} at ${startedAt.toISOString()} by ${by}\tidempotency key ${idempotencyKey}`
}
