import { type Command, InvalidArgumentError } from 'commander'
import type { Duration } from '../../ground/duration.ts'
import { checkName } from '../../ground/name.ts'
import type { HistoryEntry } from '../../index.ts'
import { type NamedOptions, namedOptions } from '../database-options.ts'
import { CommandError, ExitCode } from '../exit-code.ts'
import { age } from '../show/age.ts'
import { confirm } from '../show/confirm.ts'
import { printJson } from '../show/json.ts'
import { type Column, table } from '../show/table.ts'
import { visible } from '../show/visible.ts'
import { targetOf } from '../target.ts'
import { openSurvey, tell } from './open-survey.ts'

interface Options extends NamedOptions {
  readonly limit: number
  readonly before?: number
  readonly record?: boolean
  readonly keep?: Duration
  readonly stop?: boolean
  readonly forget?: boolean
  readonly yes?: boolean
}

export function history(program: Command): void {
  namedOptions(program.command('history'))
    .summary('what became of a lock')
    .description(
      'What became of a lock, or of all, the newest first: who held it, under which token, from when to when, how it ended, and which commits were refused. ' +
        'It is written down from --record on, for that name or for all; nothing is written for any other.',
    )
    .argument('[name]', 'the name of a lock (default: all)')
    .option('--limit <number>', 'entries to show, 1 to 100000', wholeNumber, 20)
    .option('--before <id>', 'only entries older than this one', wholeNumber)
    .option('--record', 'have it written down from now on')
    .option('--keep <duration>', 'with --record: for how long (default: 7d)')
    .option('--stop', 'have nothing written down any more; without a name: of any lock')
    .option('--forget', 'with --stop: also remove what was written down')
    .option('--yes', 'with --forget: do not ask')
    .addHelpText('after', '\nExample:\n  npx fencepost history account:42 --record --keep 30d')
    .action(run)
}

async function run(name: string | undefined, options: Options): Promise<void> {
  if (name !== undefined) checkName(name)
  const { record, stop, keep, forget, json } = options
  if ((record && stop) || (keep && !record) || (forget && !stop)) {
    throw new CommandError('--record may come with --keep, and --stop with --forget', ExitCode.usage)
  }
  if (record || stop) return await change(name, options)
  const { namespace, limit, before } = options
  await using survey = await openSurvey('history', options)
  const entries = await survey.history(name, { namespace, limit, ...(before !== undefined && { before }) })
  if (json) return printJson({ entries })
  if (entries.length === 0) {
    tell(
      `nothing is written down of ${whatOf(name)}; npx fencepost history ${name === undefined ? '' : '<name> '}--record begins to`,
    )
  }
  process.stdout.write(table(entries, COLUMNS))
}

async function change(name: string | undefined, options: Options): Promise<void> {
  const { url, schema, namespace, record, keep, forget = false, json } = options
  if (forget && !(await confirm(`Remove what is written down of ${whatOf(name)}?`, { yes: options.yes === true }))) {
    throw new CommandError('nothing was done', ExitCode.nobody)
  }
  const target = targetOf(url)
  const { fencepost } = await import('../../index.ts')
  await using fp = fencepost(target, { schema, namespace, migrate: 'off', application: 'fencepost history' })
  if (record) await fp.history.record(name, keep === undefined ? {} : { keep })
  const wasOn = record ? null : await fp.history.stop(name, { forget })
  if (json) return printJson({ name: name ?? null, isRecorded: record === true })
  const stopped = wasOn ? 'is not written down any more' : 'was not written down'
  process.stdout.write(`what becomes of ${whatOf(name)} ${record ? 'is written down from now on' : stopped}\n`)
}

function whatOf(name: string | undefined): string {
  return name === undefined ? 'all locks' : `"${visible(name)}"`
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a whole number above 0.')
}

const FORMATS = { held: 'green', released: undefined, lost: 'yellow', refused: 'red', evicted: 'yellow' } as const

const COLUMNS: Column<HistoryEntry>[] = [
  { title: 'id', text: ({ id }) => String(id), align: 'right', optional: true },
  { title: 'from', text: ({ beganAt }) => instant(beganAt) },
  {
    title: 'for',
    text: ({ beganAt, endedAt }) => (endedAt === null ? null : lengthOf(beganAt, endedAt)),
    align: 'right',
  },
  { title: 'lock', text: ({ name }) => name, least: 12 },
  { title: '', text: ({ state }) => state, format: ({ state }) => FORMATS[state] },
  { title: 'token', text: ({ token }) => String(token ?? ''), align: 'right' },
  { title: 'holder', text: ({ application }) => application, least: 8 },
  { title: 'host', text: ({ host }) => host, least: 6, optional: true },
  { title: 'pid', text: ({ process }) => String(process ?? ''), align: 'right', optional: true },
  { title: 'why', text: ({ cause }) => cause, least: 12, optional: true },
]

/** Of the reader's place, to the millisecond, as one looks for what else happened then. */
function instant(at: Date): string {
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000)
  return local.toISOString().replace('T', ' ').replace('Z', '')
}

function lengthOf(beganAt: Date, endedAt: Date): string | null {
  return endedAt.getTime() === beganAt.getTime() ? null : age(endedAt.getTime() - beganAt.getTime())
}
