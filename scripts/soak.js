import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { prepare } from './prepare.js'
import { runAsScript } from './run/run-as-script.js'
import { runChild } from './run/run-child.js'
import { ScriptError } from './run/script-error.js'
import { workspaceRoot } from './run/workspace-root.js'

const TSC = join(workspaceRoot, 'node_modules', 'typescript', 'bin', 'tsc')
const COMPILED = join(workspaceRoot, 'node_modules', '.cache', 'soak')
const PRELOAD = new URL('run/end-with-parent.js', import.meta.url).href
const MOST_PROCESSES = 20

const USAGE = `npm run soak -- history [--seconds 600] [--seed N] [--processes 6] [--server-crash] [--postgres MAJOR] [--keep]

Lets processes lock, share, nest, write, give up, freeze and die at random on a server of their own, and checks
what they have recorded against the promises. Exit code 1 and the interleaving of what was violated, if anything was.

  --seconds       for how long, besides the end, when everybody who waits must still be granted; default 600
  --seed          of all decisions; default a random one, which is printed first. The interleaving is not decided by it
  --processes     2 to ${MOST_PROCESSES}; default 6, of 4 callers each
  --server-crash  kills the server too, now and then
  --postgres      a local installation instead of the PostgreSQL from npm
  --keep          what was recorded, also if nothing was violated`

await runAsScript(import.meta.url, async (args) => {
  const options = readOptions(args)
  if (options === null) {
    console.log(USAGE)
    return 0
  }
  await prepare()
  const stdio = /** @type {const} */ (['ignore', 'inherit', 'inherit'])
  const cwd = workspaceRoot
  const compiled = await runChild(process.execPath, [TSC, '-p', 'tsconfig.soak.json'], { cwd, stdio: [...stdio] })
  if (compiled !== 0) return compiled
  const program = ['--import', PRELOAD, join(COMPILED, 'soak.js'), JSON.stringify(options)]
  return await runChild(process.execPath, program, { cwd, stdio: [...stdio], ownGroup: true })
})

/**
 * Null: help was asked for.
 *
 * @param {string[]} args
 */
function readOptions(args) {
  const { values, positionals } = parse(args)
  if (values.help) return null
  if (positionals.join(' ') !== 'history') throw new ScriptError(`what to soak? There is only: history\n\n${USAGE}`)
  return {
    seconds: readNumber('seconds', values.seconds ?? '600', { least: 1, most: 86_400 }),
    seed: readNumber('seed', values.seed ?? String(Math.floor(Math.random() * 2 ** 31)), {
      least: 0,
      most: 2 ** 31 - 1,
    }),
    processes: readNumber('processes', values.processes ?? '6', { least: 2, most: MOST_PROCESSES }),
    serverCrash: values['server-crash'] ?? false,
    postgres: values.postgres === undefined ? null : readNumber('postgres', values.postgres, { least: 13, most: 99 }),
    keep: values.keep ?? false,
  }
}

/** @param {string[]} args */
function parse(args) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        seconds: { type: 'string' },
        seed: { type: 'string' },
        processes: { type: 'string' },
        'server-crash': { type: 'boolean' },
        postgres: { type: 'string' },
        keep: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw new ScriptError(`${error.message}\n\n${USAGE}`)
  }
}

/** @param {string} name @param {string} text @param {{ least: number, most: number }} range */
function readNumber(name, text, { least, most }) {
  const number = Number(text)
  if (/^\d+$/.test(text) && number >= least && number <= most) return number
  throw new ScriptError(`--${name} must be a whole number from ${least} to ${most}; got '${text}'`)
}
