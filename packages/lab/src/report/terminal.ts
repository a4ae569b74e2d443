import { styleText } from 'node:util'
import type { Cell } from '../verdict/judge-cell.ts'
import { judgeRound } from '../verdict/judge-round.ts'
import { doubtful, notTriedInShort, type Result, trialName } from './result.ts'
import { doubles, plural, settings, takeover } from './words.ts'

const WIDTH = 120
type Format = Parameters<typeof styleText>[0]

interface Table {
  readonly title: string
  readonly says: (cell: Cell) => string
  /** The same, coloured. */
  readonly painted?: (cell: Cell) => string
  /** Of the terminal. */
  readonly width: number
}

/** The figures as tables for a terminal. */
export function terminalReport(result: Result, stream: NodeJS.WriteStream): string {
  const paint = painter(stream)
  const width = stream.isTTY ? stream.columns : WIDTH
  const { date, machine, versions, cells, notTried, surprises } = result
  const head = [`${versions.join(', ')}; ${machine}`, `${date.slice(0, 10)}. ${settings(result)}`]
  return [
    ...head,
    '',
    ...table(result, {
      title: 'Rounds whose invoice was paid twice (counted in the ledger)',
      says: doubles,
      painted: (cell) => paint(cell.doubleRounds > 0 ? 'red' : 'green', doubles(cell)),
      width,
    }),
    ...table(result, { title: 'Somebody else could go on after', says: takeover, width }),
    ...sums(result, paint),
    ...section('Not tried', notTriedInShort(notTried)),
    ...section('Seen otherwise than believed', surprises),
    ...section('To be doubted', doubtful(cells)),
    ...section('Paid twice: to see one again', again(result)),
  ].join('\n')
}

/** As many trials beside each other as there is room for, and below each other the contenders that were tried by them. */
function table(result: Result, { title, says, painted = says, width }: Table): string[] {
  const { contenders, cells } = result
  if (cells.length === 0) return []
  const trials = [...new Set(cells.map(trialName))]
  const first = Math.max(...contenders.map(({ name }) => name.length)) + 2
  const texts = [...trials.flatMap((trial) => trial.split(':')), ...cells.map(says)]
  const column = Math.max(...texts.map(({ length }) => length)) + 2
  const count = Math.max(1, Math.floor((width - first) / column))
  const lines = [title]
  for (let from = 0; from < trials.length; from += count) {
    const some = trials.slice(from, from + count)
    for (const part of [0, 1])
      lines.push(''.padEnd(first) + some.map((trial) => (trial.split(':')[part] ?? '').padStart(column)).join(''))
    for (const { name } of contenders) {
      const own = some.map((trial) => cells.find((one) => one.contender === name && trialName(one) === trial))
      if (own.every((cell) => cell === undefined)) continue
      const row = own.map((cell) =>
        cell === undefined ? '·'.padStart(column) : ' '.repeat(Math.max(1, column - says(cell).length)) + painted(cell),
      )
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
