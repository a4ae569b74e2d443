#!/usr/bin/env node
import { lab } from './lab.ts'

const USAGE = 64

const code = await lab(process.argv.slice(2)).catch((error: Error) => {
  if (process.env['FENCEPOST_DEBUG']) process.stderr.write(`${error.stack}\n`)
  process.stderr.write(`lab: ${error.message}\n`)
  return error instanceof TypeError ? USAGE : 1
})
// Once everything has been written: a connection of a round that was broken off may take minutes to notice that nobody is there.
process.stdout.write('', () => process.exit(code))
