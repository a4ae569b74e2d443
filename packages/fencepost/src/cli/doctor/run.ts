import { CommandError, ExitCode } from '../exit-code.ts'
import { printJson } from '../show/json.ts'
import { examine } from './examine.ts'
import { HAZARDS } from './hazards.ts'
import { isHealthy, reportText, summary } from './show.ts'

export interface DoctorOptions {
  readonly target: string | object
  readonly schema: string
  readonly json: boolean
  /** What is fine is left out. */
  readonly quiet: boolean
  readonly olderThanMs: number
  /** Ids of hazards. */
  readonly skip: readonly string[]
}

/** Examines and prints; false if a danger or a warning was found. */
export async function runDoctor({ target, schema, json, quiet, olderThanMs, skip }: DoctorOptions): Promise<boolean> {
  const unknown = skip.find((id) => HAZARDS.every((hazard) => hazard.id !== id))
  if (unknown !== undefined) {
    const ids = HAZARDS.map(({ id }) => id).join(', ')
    throw new CommandError(`there is no hazard '${unknown}'; there are ${ids}`, ExitCode.usage)
  }
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) throw new CommandError(`'${schema}' cannot be a schema`, ExitCode.usage)
  const hazards = HAZARDS.filter(({ id }) => !skip.includes(id))
  const report = await examine({ target, schema, olderThanMs, hazards })
  const healthy = isHealthy(report)
  const verdicts = quiet ? report.verdicts.filter(({ level }) => level !== 'fine') : report.verdicts
  if (json) printJson({ ...report, verdicts, summary: summary(report), healthy })
  else process.stdout.write(reportText(summary(report), verdicts))
  return healthy
}
