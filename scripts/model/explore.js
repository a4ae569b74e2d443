import { execFile } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ScriptError } from '../run/script-error.js'
import { readOutcome } from './read-outcome.js'

// States are stored compressed; no liveness is asked for, so that is left out.
const COMPILE = ['-w', '-DSAFETY', '-DCOLLAPSE', '-DMEMLIM=1500', '-o', 'pan', 'pan.c']
const SEARCH = ['-m1000000', '-w22']
const MOST_MS = 170_000

const run = promisify(execFile)

/**
 * Explores every state of a model.
 *
 * @param {string} path of the model
 * @param {string[]} flags what is switched on in it
 * @param {{ folder: string, optimise: '-O0' | '-O1' }} options where to build; compiling well takes two seconds, and is paid back from about
 *   half a million states
 * @returns {Promise<import('./read-outcome.js').Outcome>}
 */
export async function explore(path, flags, { folder, optimise }) {
  const cwd = mkdtempSync(join(folder, 'run-'))
  await build('spin', ['-a', ...flags.map((flag) => `-D${flag}`), path], cwd)
  await build('gcc', [optimise, ...COMPILE], cwd)
  return readOutcome(await search(cwd))
}

/** @param {string} program @param {string[]} args @param {string} cwd */
async function build(program, args, cwd) {
  try {
    await run(program, args, { cwd, timeout: MOST_MS })
  } catch (error) {
    throw new ScriptError(`${program} ${args.join(' ')}\n${error.stdout}${error.stderr}`)
  }
}

/** Its exit code says nothing: it is the same whether a violation was found or not. @param {string} cwd */
async function search(cwd) {
  try {
    const { stdout } = await run(join(cwd, 'pan'), SEARCH, { cwd, timeout: MOST_MS, maxBuffer: 2 ** 26 })
    return stdout
  } catch (error) {
    return `${error.stdout}\npan: ended early`
  }
}
