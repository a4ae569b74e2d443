import type { Command } from 'commander'
import type { SeenLock, SeenLocks } from '../../index.ts'
import { type NamedOptions, namedOptions } from '../database-options.ts'
import { ExitCode } from '../exit-code.ts'
import { age } from '../show/age.ts'
import { printJson } from '../show/json.ts'
import { type Column, table } from '../show/table.ts'
import { visible } from '../show/visible.ts'
import { type AskedLock, askedLock, isSameKey, type LockNaming, lockNaming } from './lock-key.ts'
import { doingText } from './lock-words.ts'
import { openSurvey, tellNotes } from './open-survey.ts'

type Options = NamedOptions & LockNaming & { readonly all?: boolean }

interface DescribeOptions {
  /** Where it goes. Default: stdout. */
  readonly stream?: NodeJS.WriteStream
  /** Whether all who wait are listed, not only the first. */
  readonly all?: boolean
}

const MOST = 20
const EXAMPLES = `
Examples:
  npx fencepost who account:42
  npx fencepost who 'stripe#3' --namespace default/semaphore    # permit 3 of fp.semaphore('stripe', …)`

export function who(program: Command): void {
  namedOptions(lockNaming(program.command('who')))
    .summary('who holds a lock, since when, and who waits; on any database')
    .description(
      'Who holds a lock, since when, what its backend does, and who waits, in their order. Exit code 1: nobody holds it. ' +
        'Works on any database, and takes no lock.',
    )
    .option('--all', `list all who wait, not only the first ${MOST}`)
    .addHelpText('after', EXAMPLES)
    .action(run)
}

/** Who holds one lock and who waits for it. */
export interface Holding extends AskedLock {
  readonly held: readonly SeenLock[]
  readonly waiting: readonly SeenLock[]
}

export function holdingOf(asked: AskedLock, { locks }: SeenLocks): Holding {
  const own = locks.filter(({ key }) => isSameKey(key, asked.key))
  const [held, waiting] = [own.filter(({ state }) => state === 'held'), own.filter(({ state }) => state === 'waiting')]
  return { ...asked, held, waiting }
}

/** Where locks, permits, ticks and once-keys of that name are, if it is none that was meant. */
export function notesElsewhere({ name, held, waiting }: Holding, { locks }: SeenLocks): string[] {
  if (name === null || held.length + waiting.length > 0) return []
  const isAlike = (one: SeenLock) => one.name?.startsWith(name) && /^(#\d+)?$/.test(one.name.slice(name.length))
  const found = locks.filter(isAlike).map((one) => `'${one.name}' --namespace '${one.namespace}'`)
  return [...new Set(found)].map((where) => `there is ${where}`)
}

async function run(name: string | undefined, options: Options): Promise<void> {
  const asked = await askedLock(name, options)
  await using survey = await openSurvey('who', options)
  const locks = await survey.locks()
  const holding = holdingOf(asked, locks)
  const seen = { ...locks, notes: [...locks.notes, ...notesElsewhere(holding, locks)] }
  tellNotes(seen)
  if (options.json) printWho(holding, options, seen)
  else process.stdout.write(describeWho(holding, { all: options.all === true }))
  process.exitCode = holding.held.length > 0 ? ExitCode.fine : ExitCode.nobody
}

function printWho({ name, key, held, waiting }: Holding, { namespace }: Options, { database, notes }: SeenLocks): void {
  printJson({ database, name, namespace: name === null ? null : namespace, key, held, waiting, notes })
}

/** One sentence, and below it everybody in their order. */
export function describeWho(holding: Holding, { stream = process.stdout, all = false }: DescribeOptions = {}): string {
  const { title, held, waiting } = holding
  const longest = held.reduce<number | null>(
    (most, { forMs }) => (forMs === null ? most : Math.max(most ?? 0, forMs)),
    null,
  )
  const holders = held.length === 1 ? '' : ` by ${held.length}`
  const since =
    held.length === 0 ? 'nobody holds it' : `held${holders}${longest === null ? '' : ` for ${age(longest)}`}`
  const wait = waiting.length === 0 ? 'nobody waits' : `${waiting.length} ${waiting.length === 1 ? 'waits' : 'wait'}`
  const shown = [...held, ...waiting.slice(0, all ? waiting.length : MOST)]
  const more = held.length + waiting.length - shown.length
  const rest = more === 0 ? '' : `… and ${more} more wait: --all lists them\n`
  return `${visible(title)}: ${since}, ${wait}\n${table(shown, COLUMNS, { stream })}${rest}`
}

const COLUMNS: Column<SeenLock>[] = [
  { title: '', text: ({ state, position }) => (state === 'held' ? 'holds' : `waits ${position}`) },
  { title: 'for', text: ({ forMs }) => age(forMs), align: 'right' },
  { title: 'application', text: ({ application }) => application, least: 8 },
  { title: 'host', text: ({ host }) => host, least: 6 },
  { title: 'pid', text: ({ process }) => String(process ?? ''), align: 'right', optional: true },
  { title: 'backend', text: ({ backend }) => String(backend ?? 'prepared'), align: 'right' },
  { title: 'mode', text: ({ mode }) => mode, optional: true },
  { title: 'token', text: ({ token }) => String(token ?? ''), align: 'right' },
  { title: 'doing', text: whatItDoes, least: 12, optional: true },
]

function whatItDoes(lock: SeenLock): string | null {
  return lock.state === 'waiting' && lock.process !== null ? 'stands in line' : doingText(lock)
}
