import type pg from 'pg'
import { runCommand } from '../cli/command.ts'

/** A verdict as `--json` tells it. */
export interface Told {
  readonly hazard: string
  readonly level: 'danger' | 'warning' | 'unseen' | 'note' | 'fine'
  readonly what: string
  readonly mend?: string
}

export interface Diagnosis {
  readonly code: number
  readonly summary: string
  readonly healthy: boolean
  readonly verdicts: readonly Told[]
  /** What was told of one hazard. */
  readonly of: (hazard: string) => readonly Told[]
}

/** What the built command says of a database. Other tests make hazards on the same server meanwhile: ask for one. */
export async function diagnose(url: string, ...args: string[]): Promise<Diagnosis> {
  const { code, stdout, stderr } = await runCommand(['doctor', url, '--json', ...args])
  if (stdout === '') throw new Error(`it printed nothing: ${code} ${stderr}`)
  const report = JSON.parse(stdout) as Omit<Diagnosis, 'of' | 'code'>
  const of = (hazard: string) => report.verdicts.filter((verdict) => verdict.hazard === hazard)
  return { ...report, code: code ?? -1, of }
}

/** Runs what a mend line says, as psql would. */
export async function apply(client: pg.Client | pg.Pool, { mend = '' }: Told): Promise<void> {
  await client.query(mend.replace(/ -- .*$/, ''))
}
