import type { SeenLock } from '../../index.ts'
import type { NamedOptions } from '../database-options.ts'
import { ExitCode } from '../exit-code.ts'
import { askedLock } from '../reading/lock-key.ts'
import { whoText } from '../reading/lock-words.ts'
import { openSurvey, tellNotes } from '../reading/open-survey.ts'
import { holdingOf } from '../reading/who.ts'
import { age } from '../show/age.ts'
import { printJson } from '../show/json.ts'
import { type Column, table } from '../show/table.ts'
import { visible } from '../show/visible.ts'

/** One look: a sentence, and who stands by, in the order in which they would lead. */
export async function tellLeader(name: string, options: NamedOptions): Promise<void> {
  const asked = await askedLock(name, options)
  await using survey = await openSurvey('leader', options)
  const seen = await survey.locks()
  tellNotes(seen)
  const { held, waiting } = holdingOf(asked, seen)
  const leader = held.find(({ mode }) => mode === 'exclusive') ?? null
  if (options.json) printJson({ name, namespace: options.namespace, leader, standbys: waiting, notes: seen.notes })
  else process.stdout.write(describe(name, leader, waiting))
  process.exitCode = leader === null ? ExitCode.nobody : ExitCode.fine
}

function describe(name: string, leader: SeenLock | null, standbys: readonly SeenLock[]): string {
  const term = leader === null ? '' : leader.token === null ? '' : `, term ${leader.token}`
  const since = leader === null || leader.forMs === null ? '' : `, for ${age(leader.forMs)}`
  const who = leader === null ? 'nobody leads' : `led by ${whoText(leader)}${term}${since}`
  const more =
    standbys.length === 0 ? 'nobody stands by' : `${standbys.length} ${standbys.length === 1 ? 'stands' : 'stand'} by`
  return `${visible(`${name}: ${who}; ${more}`)}\n${table(standbys, COLUMNS)}`
}

const COLUMNS: Column<SeenLock>[] = [
  { title: 'next', text: ({ position }) => String(position ?? ''), align: 'right' },
  { title: 'application', text: ({ application }) => application, least: 8 },
  { title: 'host', text: ({ host }) => host, least: 6 },
  { title: 'pid', text: ({ process }) => String(process ?? ''), align: 'right' },
  { title: 'stands by for', text: ({ forMs }) => age(forMs), align: 'right' },
]
