import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ScriptError } from './script-error.js'

/**
 * Runs `main` with the command line's arguments if this module is the one Node was started with; its result is the exit code.
 *
 * @param {string} moduleUrl
 * @param {(args: string[]) => Promise<number> | number} main
 */
export async function runAsScript(moduleUrl, main) {
  if (!process.argv[1] || realpathSync(process.argv[1]) !== realpathSync(fileURLToPath(moduleUrl))) return
  try {
    // Not process.exit: output that goes to a pipe would be cut off.
    process.exitCode = await main(process.argv.slice(2))
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = error.exitCode
  }
}
