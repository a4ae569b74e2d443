import type { Command } from 'commander'
import { openFencepost } from '../open-fencepost.ts'
import { openSurvey } from '../reading/open-survey.ts'
import { visible } from '../show/visible.ts'
import { quoted, readWords, type Typed } from './words.ts'

/** Those whose argument is the name of a lock that may be there already. */
const WITH_NAMES = new Set(['who', 'locks', 'evict', 'history', 'run'])
const PATIENCE_MS = 2000

/** What may stand where the cursor is, as the shell is to insert it. Never rejects: at a Tab nobody wants to read of an error. */
export async function complete(program: Command, line: string, shell: 'bash' | 'zsh'): Promise<string[]> {
  const typed = readWords(line)
  const all = await candidates(program, typed)
  const fitting = [...new Set(all)].filter((candidate) => candidate.startsWith(typed.current)).toSorted()
  return shell === 'zsh' ? fitting : fitting.map((candidate) => forBash(candidate, typed))
}

async function candidates(program: Command, { before, current }: Typed): Promise<string[]> {
  const { command, words } = commandIn(program, before.slice(1))
  if (command === program) return [...optionsOf(program), ...commandsOf(program)]
  const given = readOptions(command, words)
  if (given.isOpen) return []
  if (current.startsWith('-')) return optionsOf(command)
  const [argument] = command.registeredArguments
  if (given.arguments > 0 || argument === undefined) return command.commands.map((sub) => sub.name())
  if (argument.argChoices !== undefined) return [...argument.argChoices]
  if (command.parent?.name() === 'cron') return await scheduleNames(given.values)
  return WITH_NAMES.has(command.name()) ? await lockNames(given.values) : []
}

/** The innermost command that is named, and what stands after its name. */
function commandIn(command: Command, words: readonly string[]): { command: Command; words: readonly string[] } {
  const at = words.findIndex((word) => command.commands.some((one) => one.name() === word))
  const sub = command.commands.find((one) => one.name() === words[at])
  return sub === undefined ? { command, words } : commandIn(sub, words.slice(at + 1))
}

function commandsOf(program: Command): string[] {
  return program
    .createHelp()
    .visibleCommands(program)
    .map((command) => command.name())
}

function optionsOf(command: Command): string[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long }) => long ?? [])
}

interface Given {
  readonly values: Readonly<Record<string, string>>
  readonly arguments: number
  /** The word to come is the value of an option. */
  readonly isOpen: boolean
}

function readOptions(command: Command, words: readonly string[]): Given {
  const values: Record<string, string> = {}
  let count = 0
  for (let i = 0; i < words.length; i++) {
    const [word = '', value] = (words[i] ?? '').split(/=(.*)/s)
    const option = command.options.find(({ long, short }) => long === word || short === word)
    if (option === undefined) count += word.startsWith('-') ? 0 : 1
    else if (option.required || option.optional) {
      if (value === undefined && i === words.length - 1) return { values, arguments: count, isOpen: true }
      values[option.attributeName()] = value ?? words[++i] ?? ''
    }
  }
  return { values, arguments: count, isOpen: false }
}

/** Of all locks that are held or waited for in the namespace. */
async function lockNames({ url, schema = 'fencepost', namespace = 'default' }: Given['values']): Promise<string[]> {
  return await soon(async () => {
    await using survey = await openSurvey('complete', { schema, ...(url !== undefined && { url }) })
    const { locks } = await survey.locks()
    return locks.flatMap(({ name, namespace: its }) => (name !== null && its === namespace ? [name] : []))
  })
}

async function scheduleNames({ url, schema = 'fencepost', namespace = 'default' }: Given['values']): Promise<string[]> {
  return await soon(async () => {
    await using fp = await openFencepost('complete', { schema, namespace, ...(url !== undefined && { url }) })
    return (await fp.schedules.list()).map(({ name }) => name)
  })
}

/** None if the database does not say so at once; and none that would have to be shown otherwise than it is. */
async function soon(read: () => Promise<string[]>): Promise<string[]> {
  const late = new Promise<string[]>((resolve) => setTimeout(resolve, PATIENCE_MS, []).unref())
  const names = await Promise.race([read().catch(() => []), late])
  return names.filter((name) => visible(name) === name)
}

/** bash replaces only what comes after the last of its word breaks, of which a name may have some. */
function forBash(candidate: string, { raw }: Typed): string {
  if (/^['"]/.test(raw)) return candidate
  const breaks = process.env['COMP_WORDBREAKS'] ?? ':='
  const last = Math.max(...[':', '='].filter((sign) => breaks.includes(sign)).map((sign) => raw.lastIndexOf(sign)))
  return quoted(candidate).slice(last + 1)
}
