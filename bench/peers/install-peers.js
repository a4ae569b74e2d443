import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findNpm } from '../../scripts/run/find-npm.js'
import { runChild } from '../../scripts/run/run-child.js'

const FOLDER = join(import.meta.dirname, '..')
const LOCK_FILE = join(FOLDER, 'package-lock.json')
/** The lock file by which was installed. */
const STAMP = join(FOLDER, 'node_modules', '.installed')
const INSTALL = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--fetch-retries=2']

/**
 * Installs the packages that the benchmarks compare with, if they are not there yet.
 *
 * @returns {Promise<string | null>} why it could not be done
 */
export async function installPeers() {
  const wanted = readFileSync(LOCK_FILE, 'utf8')
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return null
  process.stderr.write('bench: installing ioredis and redlock into bench/node_modules (needs the network this once)\n')
  const { command, args, shell } = findNpm()
  // What npm says goes to stderr: stdout is for the results.
  const code = await runChild(command, [...args, ...INSTALL], { cwd: FOLDER, stdio: ['ignore', 2, 2], shell }).catch(
    () => null,
  )
  if (code === null) return 'npm could not be started'
  if (code !== 0) return `npm ci in bench/ ended with ${code}; what it said stands above`
  writeFileSync(STAMP, wanted)
  return null
}
