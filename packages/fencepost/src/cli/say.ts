import { writeSync } from 'node:fs'
import { visibleLines } from './show/visible.ts'

/**
 * Tells one line on stderr, in which names of others may stand. Not by `process.stderr`, which makes a pipe non-blocking for everybody who has it, also for a program that
 * runs on it.
 */
export function say(line: string): void {
  try {
    writeSync(2, `fencepost: ${visibleLines(line)}\n`)
  } catch {
    // Nobody reads it any more, and that is no reason to leave anything undone.
  }
}
