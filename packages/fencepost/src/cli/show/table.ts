import { type Format, paint } from '../paint.ts'
import { terminalWidth } from './terminal-width.ts'
import { cut, fit, textWidth } from './text-width.ts'
import { visible } from './visible.ts'

/** One column of a table. */
export interface Column<Row> {
  readonly title: string
  /** The cell, of one line; null and the empty text show as `–`. It need not be safe for a terminal. */
  readonly text: (row: Row) => string | null
  /** Default `'left'`; numbers and ages stand right. */
  readonly align?: 'left' | 'right'
  /** To how many columns of the terminal it may be cut where the table is too wide. Default: never cut. */
  readonly least?: number
  /** Left out where cutting is not enough; of several the last goes first. */
  readonly optional?: boolean
  readonly format?: (row: Row) => Format | undefined
}

export interface TableOptions {
  /** Where it goes. Default: stdout. */
  readonly stream?: NodeJS.WriteStream
  /** Default: that of the terminal, and no limit in a pipe. */
  readonly width?: number
}

const GAP = '  '
const NOTHING = '–'

/**
 * Rows as lines under their titles, as wide as the terminal at most; in a pipe nothing is cut. Ends with a newline;
 * without rows it is empty, say so in words then.
 */
export function table<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { stream = process.stdout, width = terminalWidth(stream) }: TableOptions = {},
): string {
  if (rows.length === 0) return ''
  const laid = layOut(rows, columns, width)
  const titles = line(laid.map(({ column, size }) => fit(column.title, size, column.align)))
  const lines = rows.map((row, i) =>
    line(
      laid.map(({ column, cells, size }) => {
        const format = column.format?.(row)
        const cell = fit(cells[i] ?? '', size, column.align)
        return format === undefined ? cell : paint(format, cell, stream)
      }),
    ),
  )
  return paint('bold', cut(titles.trimEnd(), width), stream) + '\n' + lines.join('')
}

function line(cells: readonly string[]): string {
  return `${cells.join(GAP).trimEnd()}\n`
}

interface Laid<Row> {
  readonly column: Column<Row>
  readonly cells: readonly string[]
  size: number
}

function layOut<Row>(rows: readonly Row[], columns: readonly Column<Row>[], width: number): Laid<Row>[] {
  let laid: Laid<Row>[] = columns.map((column) => {
    const cells = rows.map((row) => visible(column.text(row) || NOTHING))
    const size = cells.reduce((most, cell) => Math.max(most, textWidth(cell)), textWidth(column.title))
    return { column, cells, size }
  })
  const least = () => sum(laid.map(({ column, size }) => Math.min(size, column.least ?? size)))
  while (least() > width) {
    const last = laid.findLast(({ column }) => column.optional)
    if (last === undefined) break
    laid = laid.filter((one) => one !== last)
  }
  shrink(laid, width)
  return laid
}

/** Takes from the widest of those that may be cut, so that they end up alike. */
function shrink<Row>(laid: readonly Laid<Row>[], width: number): void {
  for (let over = sum(laid.map(({ size }) => size)) - width; over > 0; over--) {
    const cuttable = laid.filter(({ column, size }) => size > (column.least ?? size))
    const [widest] = cuttable.toSorted((one, other) => other.size - one.size)
    if (widest === undefined) return
    widest.size--
  }
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0) + GAP.length * Math.max(0, sizes.length - 1)
}
