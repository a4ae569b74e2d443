import { writeSync } from 'node:fs'
import { visible } from './show/visible.ts'

/**
 * Tells one line on stderr. Not by `process.stderr`, which makes a pipe non-blocking for everybody who has it, also for a program that
 * runs on it.
 */
export function say(line: string): void {
  try {
    writeSync(2, `fencepost: ${readable(line)}\n`)
  } catch {
    // Nobody reads it any more, and that is no reason to leave anything undone.
  }
}

/** A message as a terminal may have it: it may name what others have named, such as the holder of a lock. Some have several lines. */
export function readable(text: string): string {
  return text.split('\n').map(visible).join('\n')
}
