import { type Format, paint } from '../paint.ts'
import { visible } from '../show/visible.ts'
import type { Report, Told } from './examine.ts'
import type { Level } from './hazard.ts'
import { plural } from './words/quantity.ts'

const FORMATS: Readonly<Record<Level, Format>> = {
  danger: 'red',
  warning: 'yellow',
  unseen: 'magenta',
  note: 'cyan',
  fine: 'green',
}
const [LEVEL_WIDTH, GAP] = [9, 2]

/** `shop at db:5432/shop, PostgreSQL 18.4: 1 danger and 2 warnings, the worst: …`. */
export function summary({ where, server, verdicts }: Report): string {
  const count = (level: Level) => verdicts.filter((verdict) => verdict.level === level).length
  const [dangers, warnings, unseen] = [count('danger'), count('warning'), count('unseen')]
  const found = [dangers > 0 ? plural(dangers, 'danger') : '', warnings > 0 ? plural(warnings, 'warning') : '']
  const hidden = unseen > 0 ? `; ${plural(unseen, 'thing')} could not be seen` : ''
  const what = found.filter((text) => text !== '').join(' and ')
  const looked = new Set(verdicts.map(({ hazard }) => hazard)).size
  return `${where}, ${server}: ${what === '' ? `no hazard among the ${looked} looked for` : what}${hidden}.`
}

/** The summary first, and a line for each verdict with how to mend it under it. */
export function reportText(sentence: string, verdicts: readonly Told[]): string {
  const width = Math.max(...verdicts.map(({ hazard }) => hazard.length)) + GAP
  const lines = verdicts.map((verdict) => verdictText(verdict, width))
  const first = `${paint('bold', visible(sentence), process.stdout)}\n`
  return lines.length === 0 ? first : `${first}\n${lines.join('')}`
}

function verdictText({ hazard, level, what, mend }: Told, width: number): string {
  const label = paint(FORMATS[level], level.padEnd(LEVEL_WIDTH), process.stdout)
  const line = `${label}${hazard.padEnd(width)}${visible(what)}\n`
  return mend === undefined ? line : `${line}${' '.repeat(LEVEL_WIDTH + width)}mend: ${visible(mend)}\n`
}

export function isHealthy({ verdicts }: Report): boolean {
  return verdicts.every(({ level }) => level !== 'danger' && level !== 'warning')
}
