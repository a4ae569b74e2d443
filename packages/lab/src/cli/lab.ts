import { writeFile } from 'node:fs/promises'
import { htmlReport } from '../report/html/page.ts'
import { terminalReport } from '../report/terminal.ts'
import { HELP, parseArguments } from './arguments.ts'
import { Interruption, listenForInterruption } from './interruption.ts'
import { Run } from './run.ts'

/**
 * Runs the lab as its command line does: what it found goes to stdout, progress to stderr. Ctrl-C ends it with what it has found
 * so far; nothing is left running.
 *
 * @returns the exit code: 1 if a fenced lock let something be paid twice, something failed, or nothing could be tried
 * @throws {TypeError} for arguments that cannot be right
 */
export async function lab(args: readonly string[]): Promise<number> {
  const wanted = parseArguments(args)
  if (wanted === null) {
    process.stdout.write(HELP)
    return 0
  }
  if (process.platform !== 'linux') {
    throw new TypeError('the lab runs on Linux only: it stops processes, cuts networks and turns clocks')
  }
  using interruption = listenForInterruption(say)
  const run = new Run(wanted, interruption.signal, say)
  await run.play()
  const result = run.result()
  // First: should a disk be full, what was measured is told all the same.
  process.stdout.write(`${terminalReport(result, process.stdout)}\n`)
  if (wanted.json !== null) await writeFile(wanted.json, `${JSON.stringify(result)}\n`)
  if (wanted.html !== null) await writeFile(wanted.html, htmlReport(result))
  const { reason } = interruption.signal
  if (!(reason instanceof Interruption)) return run.exitCode
  say(reason.message)
  return reason.exitCode
}

function say(text: string): void {
  process.stderr.write(`lab: ${text}\n`)
}
