#!/usr/bin/env node
import { lab } from './lab.ts'

const USAGE = 64
const FIRST_SIGNAL = 128

try {
  const code = await lab(process.argv.slice(2))
  // What was under way when somebody ended it is of no use to anybody, and would hold the process up.
  if (code > FIRST_SIGNAL) process.exit(code)
  process.exitCode = code
} catch (error) {
  if (!(error instanceof TypeError) && process.env['FENCEPOST_DEBUG'])
    process.stderr.write(`${(error as Error).stack}\n`)
  process.stderr.write(`lab: ${(error as Error).message}\n`)
  process.exitCode = error instanceof TypeError ? USAGE : 1
}
