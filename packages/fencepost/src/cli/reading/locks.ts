import type { Command } from 'commander'
import { parseDuration } from '../../ground/duration.ts'
import type { SeenLock, SeenLocks } from '../../index.ts'
import { type DatabaseOptions, databaseOptions } from '../database-options.ts'
import { age } from '../show/age.ts'
import { printJson } from '../show/json.ts'
import { type Column, table } from '../show/table.ts'
import { keyText, lockTitle } from './lock-words.ts'
import { openSurvey, tell, tellNotes } from './open-survey.ts'

interface Filters {
  readonly pattern?: string | undefined
  readonly held?: string
  readonly waited?: boolean
  readonly application?: string
  readonly ours?: boolean
  readonly foreign?: boolean
}

/** A lock, one of those who hold it, and how many wait. */
export interface LockLine extends SeenLock {
  readonly waiting: number
  readonly longestWaitMs: number | null
}

export function locks(program: Command): void {
  databaseOptions(program.command('locks'))
    .summary('every lock that is held; on any database')
    .description(
      'Every lock that is held, by name, with holder, token and age, and how many wait; also the advisory locks of other programs, ' +
        'by what their key is known for. Works on any database, and takes no lock.',
    )
    .argument('[pattern]', "only names like this; * stands for anything, as in 'account:*'")
    .option('--held <duration>', 'only those held for at least so long, as 90s or 5m')
    .option('--waited', 'only those that somebody waits for')
    .option('--application <name>', 'only those of this application')
    .option('--ours', 'only those taken through fencepost')
    .option('--foreign', 'only those of other programs')
    .addHelpText('after', "\nExample:\n  npx fencepost locks 'account:*' --held 1m --waited")
    .action(run)
}

async function run(pattern: string | undefined, options: DatabaseOptions & Filters): Promise<void> {
  const isWanted = filterOf({ ...options, pattern })
  await using survey = await openSurvey('locks', options)
  const seen = await survey.locks()
  const all = lockLines(seen)
  const lines = all.filter(isWanted)
  tellNotes(seen)
  const ageless =
    options.held === undefined ? 0 : all.filter(({ state, forMs }) => state === 'held' && forMs === null).length
  if (ageless > 0) tell(`note: of ${ageless} locks nobody knows for how long they are held: --held leaves them out`)
  if (options.json) return printJson({ database: seen.database, locks: lines, notes: seen.notes })
  if (lines.length === 0) tell(`no such lock is held or waited for in database "${seen.database}"`)
  process.stdout.write(table(lines, COLUMNS))
}

/** One for each holder, and for each lock that is only waited for. */
export function lockLines({ locks: seen }: Pick<SeenLocks, 'locks'>): LockLine[] {
  const waits = new Map<string, { count: number; longestMs: number | null }>()
  const held = new Set<string>()
  for (const { state, key, forMs } of seen) {
    const text = keyText(key)
    if (state === 'held') held.add(text)
    if (state === 'held') continue
    const { count = 0, longestMs = null } = waits.get(text) ?? {}
    waits.set(text, { count: count + 1, longestMs: forMs === null ? longestMs : Math.max(longestMs ?? 0, forMs) })
  }
  return seen
    .filter(({ state, key, position }) => state === 'held' || (position === 1 && !held.has(keyText(key))))
    .map((lock) => {
      const { count = 0, longestMs = null } = waits.get(keyText(lock.key)) ?? {}
      return { ...lock, waiting: count, longestWaitMs: longestMs }
    })
}

/** @throws {TypeError} for a duration that is none. */
function filterOf({ pattern, held, waited, application, ours, foreign }: Filters): (line: LockLine) => boolean {
  const heldMs = held === undefined ? null : parseDuration(held, '--held')
  const like = pattern === undefined ? null : asRegExp(pattern)
  return (line) =>
    (like === null || like.test(line.name ?? lockTitle(line))) &&
    (heldMs === null || (line.state === 'held' && (line.forMs ?? 0) >= heldMs)) &&
    (!waited || line.waiting > 0) &&
    (application === undefined || line.application === application) &&
    (!ours || isOurs(line)) &&
    (!foreign || !isOurs(line))
}

function asRegExp(pattern: string): RegExp {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`))
  return new RegExp(`^${parts.join('.*')}$`, 's')
}

function isOurs({ name, token }: LockLine): boolean {
  return name !== null || token !== null
}

export const COLUMNS: Column<LockLine>[] = [
  { title: 'lock', text: lockTitle, least: 12 },
  { title: 'for', text: ({ state, forMs }) => (state === 'held' ? age(forMs) : 'not held'), align: 'right' },
  { title: 'holder', text: ({ state, application }) => (state === 'held' ? application : null), least: 8 },
  { title: 'host', text: ({ state, host }) => (state === 'held' ? host : null), least: 6, optional: true },
  {
    title: 'pid',
    text: ({ state, process }) => (state === 'held' ? String(process ?? '') : null),
    align: 'right',
    optional: true,
  },
  {
    title: 'backend',
    text: ({ state, backend }) => (state === 'held' ? String(backend ?? 'prepared') : null),
    align: 'right',
  },
  { title: 'mode', text: ({ mode }) => mode, optional: true },
  { title: 'token', text: ({ token }) => String(token ?? ''), align: 'right', optional: true },
  {
    title: 'waiting',
    text: ({ waiting }) => String(waiting),
    align: 'right',
    format: ({ waiting }) => (waiting > 0 ? 'yellow' : undefined),
  },
  { title: 'longest', text: ({ longestWaitMs }) => age(longestWaitMs), align: 'right', optional: true },
]
