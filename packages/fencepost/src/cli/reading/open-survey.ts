import type { Sight, Survey } from '../../index.ts'
import type { DatabaseOptions } from '../database-options.ts'
import { paint } from '../paint.ts'
import { visible } from '../show/visible.ts'
import { targetOf } from '../target.ts'

/** A look over the database that the options name; `command` is what its connection calls itself. Close it. */
export async function openSurvey(command: string, { url, schema }: DatabaseOptions): Promise<Survey> {
  const target = targetOf(url)
  const { survey } = await import('../../index.ts')
  return survey(target, { schema, application: `fencepost ${command}` })
}

/** Says on stderr what could not be seen. */
export function tellNotes({ notes }: Pick<Sight, 'notes'>): void {
  for (const note of notes) tell(paint('dim', `note: ${visible(note)}`, process.stderr))
}

/** One line of talk. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`)
}
