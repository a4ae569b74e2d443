import { styleText } from 'node:util'
import type { Cell } from '../verdict/judge-cell.ts'
import { judgeRound } from '../verdict/judge-round.ts'
import { doubtful, notTriedInShort, type Result, trialName } from './result.ts'
import { doubles, plural, settings, takeover } from './words.ts'

const COLUMNS = 6
type Format = Parameters<typeof styleText>[0]

/** The figures as tables for a terminal. */
export function terminalReport(result: Result, stream: NodeJS.WriteStream): string {
  const paint = painter(stream)
  const { date, machine, versions, cells, notTried, surprises } = result
  const head = [`${versions.join(', ')}; ${machine}`, `${date.slice(0, 10)}, ${settings(result)}`]
  return [
    ...head,
    '',
    ...table(result, 'Rounds whose invoice was paid twice (counted in the ledger)', doubles, (cell) =>
      cell.doubleRounds > 0 ? paint('red', doubles(cell)) : paint('green', doubles(cell)),
    ),
    ...table(result, 'Somebody else could go on after', takeover, takeover),
    ...sums(result, paint),
    ...section('Not tried', notTriedInShort(notTried)),
    ...section('Seen otherwise than believed', surprises),
    ...section('To be doubted', doubtful(cells)),
    ...section('Paid twice: to see one again', again(result)),
  ].join('\n')
}

function table(
  result: Result,
  title: string,
  plain: (cell: Cell) => string,
  painted: (cell: Cell) => string,
): string[] {
  const { contenders, cells } = result
  if (cells.length === 0) return []
  const trials = [...new Set(cells.map(trialName))]
  const first = Math.max(...contenders.map(({ name }) => name.length), 0) + 2
  const lines = [title]
  for (let from = 0; from < trials.length; from += COLUMNS) {
    const some = trials.slice(from, from + COLUMNS)
    const width = Math.max(...some.flatMap((trial) => trial.split(':').map(({ length }) => length)), 12) + 2
    for (const part of [0, 1])
      lines.push(''.padEnd(first) + some.map((trial) => (trial.split(':')[part] ?? '').padStart(width)).join(''))
    for (const { name } of contenders) {
      const row = some.map((trial) => {
        const cell = cells.find((one) => one.contender === name && trialName(one) === trial)
        if (cell === undefined) return '·'.padStart(width)
        return ' '.repeat(Math.max(1, width - plain(cell).length)) + painted(cell)
      })
      lines.push(name.padEnd(first) + row.join(''))
    }
    lines.push('')
  }
  return lines
}

/** Of each contender over all it was tried by. */
function sums({ contenders, cells }: Result, paint: ReturnType<typeof painter>): string[] {
  const lines = contenders.flatMap(({ name, isFenced }) => {
    const own = cells.filter(({ contender }) => contender === name)
    const sum = (of: 'rounds' | 'doubleEntries' | 'lostUpdates' | 'refused' | 'gaveUp') =>
      own.reduce((total, cell) => total + cell[of], 0)
    if (own.length === 0) return []
    const figures = [
      plural(sum('rounds'), 'round'),
      `double entries ${sum('doubleEntries')}`,
      `lost updates ${sum('lostUpdates')}`,
      `stale writes refused ${sum('refused')}`,
      `gave up by themselves ${sum('gaveUp')}`,
    ]
    const line = `${name.padEnd(24)}${figures.join(', ')}${isFenced ? ', fenced' : ''}`
    return [sum('doubleEntries') > 0 ? line : paint('bold', line)]
  })
  return lines.length === 0 ? [] : ['All rounds', ...lines, '']
}

/** The first round of each contender that was paid twice. */
function again({ contenders, rounds = [] }: Result): string[] {
  return contenders.flatMap(({ name }) => {
    const failing = rounds.find((round) => round.contender === name && judgeRound(round).doubleEntries > 0)
    return failing?.again ?? []
  })
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`), '']
}

/** Colours for a terminal that shows them, and without NO_COLOR (no-color.org). */
export function painter(stream: NodeJS.WriteStream): (format: Format, text: string) => string {
  const isColoured = stream.isTTY && stream.hasColors()
  return (format, text) => (isColoured ? styleText(format, text, { validateStream: false }) : text)
}
