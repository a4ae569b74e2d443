import { writeSync } from 'node:fs'

/**
 * Tells one line on stderr. Not by `process.stderr`, which makes a pipe non-blocking for everybody who has it, also for a program that
 * runs on it.
 */
export function say(line: string): void {
  try {
    writeSync(2, `fencepost: ${line}\n`)
  } catch {
    // Nobody reads it any more, and that is no reason to leave anything undone.
  }
}
