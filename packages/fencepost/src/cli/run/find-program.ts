import { accessSync, constants, statSync } from 'node:fs'
import { join } from 'node:path'
import { CommandError, ExitCode } from '../exit-code.ts'

const DEFAULT_PATH = '/usr/bin:/bin'

/**
 * Where a program is, as a shell finds it; looked for before anybody waits.
 *
 * @throws {CommandError} with exit code 127 if it is nowhere, with 126 if it is there and cannot be run.
 */
export function findProgram(program: string, path = process.env['PATH'] || DEFAULT_PATH): string {
  const places = program.includes('/') ? [program] : path.split(':').map((folder) => join(folder || '.', program))
  const problems = new Map(places.map((place) => [place, problemOf(place)]))
  for (const [place, problem] of problems) if (problem === null) return place
  for (const [place, problem] of problems) {
    if (problem !== 'missing') throw new CommandError(`cannot run "${place}": it is ${problem}`, ExitCode.cannotRun)
  }
  const where = program.includes('/') ? 'there is no such file' : 'no folder in PATH has it'
  throw new CommandError(`cannot run "${program}": ${where}`, ExitCode.notFound)
}

function problemOf(place: string): 'missing' | 'a folder' | 'not executable' | null {
  try {
    if (statSync(place).isDirectory()) return 'a folder'
  } catch {
    return 'missing'
  }
  try {
    accessSync(place, constants.X_OK)
    return null
  } catch {
    return 'not executable'
  }
}
