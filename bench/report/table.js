import { machine } from './machine.js'
import { show } from './show.js'
import { judge } from './targets.js'

/**
 * @typedef {import('../suites.js').Figure} Figure
 * @typedef {import('../suites.js').Target} Target
 */

const HEAD = ['work', 'subject', 'median', 'min .. max', 'unit', 'fencepost is', 'wanted', 'met']

/**
 * Prints the figures, and beside those that fencepost is measured by what it comes to.
 *
 * @param {Figure[]} figures
 * @param {Target[]} targets
 * @param {{ servers: string[], notes: string[] }} about
 */
export function printTable(figures, targets, { servers, notes }) {
  console.log(`\nMedians of one run. ${[`Node ${process.versions.node}`, ...servers, machine()].join(', ')}\n`)
  const rows = figures.flatMap((figure, i) => rowsOf(figure, figures[i - 1], judge(figure, figures, targets)))
  const widths = HEAD.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)))
  for (const row of [HEAD, widths.map((width) => '-'.repeat(width)), ...rows]) {
    console.log(
      row
        .map((cell, column) => pad(cell, widths[column] ?? 0, column))
        .join('  ')
        .trimEnd(),
    )
  }
  if (notes.length > 0) console.log(`\n${notes.join('\n')}`)
}

/** @param {Figure} figure @param {Figure | undefined} before @param {import('./targets.js').Verdict[]} verdicts */
function rowsOf(figure, before, verdicts) {
  const { work, subject, median, min, max, unit } = figure
  const range = min === max ? '' : `${show(min)} .. ${show(max)}`
  const cells = [work === before?.work ? '' : work, subject, show(median), range, unit]
  const beside = verdicts.map(({ is, wanted, met }) => [is, wanted, met])
  const [first = [], ...more] = beside
  return [[...cells, ...first], ...more.map((rest) => [...cells.map(() => ''), ...rest])]
}

/** Numbers to the right. @param {string} cell @param {number} width @param {number} column */
function pad(cell, width, column) {
  return column === 2 ? cell.padStart(width) : cell.padEnd(width)
}
