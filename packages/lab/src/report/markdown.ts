import type { Cell } from '../verdict/judge-cell.ts'
import type { Result } from './result.ts'
import { after } from './words.ts'

/** What stands together in one column: faults, with their moment where only one is meant. */
const COLUMNS: readonly (readonly [title: string, trials: readonly string[]])[] = [
  ['paused, then looks at its lock', ['freeze:before-check', 'block:before-check', 'partition:before-check']],
  ['paused after its look', ['freeze:after-check', 'block:after-check', 'partition:after-check']],
  ['paused inside the write', ['freeze:in-write']],
  ['a server’s clock jumps', ['clock-1', 'clock-2', 'clock-3']],
  ['the lock’s server or session is lost', ['terminate', 'redis-restart', 'server-crash', 'promotion']],
]

/** Rounds that were paid twice, by contender, and when the next could go on: for a README. */
export function comparisonTable(result: Result): string {
  const { contenders, cells, date, versions, machine, ttlMs } = result
  const head = ['', ...COLUMNS.map(([title]) => title), 'holder killed: next after', 'holder frozen: next after']
  const rows = contenders.map(({ name }) => {
    const own = cells.filter(({ contender }) => contender === name)
    const counts = COLUMNS.map(([, trials]) => paidTwice(own.filter((cell) => isOf(cell, trials))))
    const killed = next(
      own.filter(({ fault }) => fault === 'kill'),
      'never',
    )
    const frozen = next(
      own.filter(({ fault }) => fault === 'freeze'),
      'not before it wakes',
    )
    return [`\`${name}\``, ...counts, killed, frozen]
  })
  return [
    line(head),
    `|${head.map(() => '---|').join('')}`,
    ...rows.map(line),
    '',
    'Rounds paid twice of rounds played, and for how long nobody could go on; –: not tried. [How each is used](docs/lab.md#a-round), [what it shows](docs/lab.md#what-it-shows).',
    `Measured ${date.slice(0, 10)}, every TTL, lease and timeout ${ttlMs / 1000} s. ${versions.join(', ')}. ${machine}.`,
  ].join('\n')
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

function isOf({ fault, moment }: Cell, trials: readonly string[]): boolean {
  return trials.includes(fault) || trials.includes(`${fault}:${moment}`)
}

function paidTwice(cells: readonly Cell[]): string {
  if (cells.length === 0) return '–'
  const sum = (of: 'doubleRounds' | 'rounds') => cells.reduce((total, cell) => total + cell[of], 0)
  const text = `${sum('doubleRounds')} of ${sum('rounds')}`
  return sum('doubleRounds') > 0 ? `**${text}**` : text
}

/** The longest of the medians; a lock that nobody gets says so. */
function next(cells: readonly Cell[], nobody: string): string {
  if (cells.length === 0) return '–'
  const times = cells.flatMap(({ takeoverMs }) => takeoverMs ?? [])
  return times.length < cells.length ? nobody : after(Math.max(...times))
}
