import { CommandError, ExitCode } from '../exit-code.ts'
import { paint } from '../paint.ts'
import type { RunResult } from './run.ts'
import { inSeconds } from './talk.ts'

/** Both runs of the demo. */
export interface Outcome {
  readonly invoices: number
  readonly fenceOff: RunResult
  readonly fenceOn: RunResult
}

const COLUMN = 14

/** The figures of both runs side by side. */
export function table({ fenceOff, fenceOn }: Outcome): string {
  const rows: [label: string, figure: (run: RunResult) => string][] = [
    ['payouts', ({ payouts }) => String(payouts)],
    ['ledger entries', ({ ledgerEntries }) => String(ledgerEntries)],
    ['double payouts', ({ doublePayouts }) => String(doublePayouts)],
    ['stale commits refused', ({ fenced, refusedCommits }) => (fenced ? String(refusedCommits) : '–')],
    ['take-over after the freeze', ({ takeoverMs }) => (takeoverMs === null ? '–' : inSeconds(takeoverMs))],
  ]
  const lines = rows.map(([label, figure]) => row(label, figure(fenceOff), figure(fenceOn)))
  return `${[paint('bold', row('', 'fence off', 'fence on'), process.stdout), ...lines].join('\n')}\n`
}

/** One sentence on what was shown. */
export function closing({ fenceOff, fenceOn }: Outcome): string {
  return (
    `The lock alone let a worker that had been frozen pay ${plural(fenceOff.doublePayouts, 'invoice')} a second time; ` +
    `with the fence the database refused ${plural(fenceOn.refusedCommits, 'stale commit')} ` +
    `and each of ${fenceOn.payouts} invoices was paid once.`
  )
}

/** @throws {CommandError} with exit code 1 unless the fence kept its promise and the other run showed what for. */
export function checkPromises({ invoices, fenceOff, fenceOn }: Outcome): void {
  const { payouts, doublePayouts, refusedCommits, unpaidInvoices } = fenceOn
  if (doublePayouts > 0 || payouts !== invoices || refusedCommits < 1 || unpaidInvoices > 0) {
    throw new CommandError(
      `the promise is broken: with the fence ${payouts} of ${invoices} invoices were paid, ${doublePayouts} of them twice, ` +
        `and ${plural(refusedCommits, 'stale commit')} refused`,
      ExitCode.promiseBroken,
    )
  }
  if (fenceOff.doublePayouts < 1) {
    throw new CommandError(
      'the demonstration failed: the run without the fence paid nothing twice, so it does not show what the fence is for',
      ExitCode.promiseBroken,
    )
  }
}

function row(label: string, ...cells: string[]): string {
  return `  ${label.padEnd(26)}${cells.map((cell) => cell.padStart(COLUMN)).join('')}`
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
