#!/usr/bin/env node
import { lab } from './lab.ts'

const USAGE = 64

try {
  process.exitCode = await lab(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof TypeError) && process.env['FENCEPOST_DEBUG'])
    process.stderr.write(`${(error as Error).stack}\n`)
  process.stderr.write(`lab: ${(error as Error).message}\n`)
  process.exitCode = error instanceof TypeError ? USAGE : 1
}
