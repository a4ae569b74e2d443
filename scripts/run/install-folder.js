import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findNpm } from './find-npm.js'
import { runChild } from './run-child.js'
import { withFolderLock } from './with-folder-lock.js'

const INSTALL = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--fetch-retries=2']

/**
 * Installs what the lock file of a folder asks for, a folder that is no workspace, if it is not there yet. Several may
 * run at once; the second waits for the first.
 *
 * @param {string} folder
 * @param {{ say: string, finish?: () => Promise<string | null> }} how what to say if it has to be done; what to do after it
 * @returns {Promise<string | null>} why it could not be done
 */
export async function installFolder(folder, { say, finish = async () => null }) {
  const modules = join(folder, 'node_modules')
  const wanted = readFileSync(join(folder, 'package-lock.json'), 'utf8')
  // The lock file by which was installed.
  const stamp = join(modules, '.installed')
  const isDone = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted
  if (isDone()) return null
  const install = async () => {
    if (isDone()) return null
    // An install that is interrupted leaves no stamp and is repeated.
    rmSync(stamp, { force: true })
    process.stderr.write(`${say} (needs the network this once)\n`)
    const failure = (await runNpm(folder)) ?? (await finish())
    if (failure !== null) return failure
    mkdirSync(modules, { recursive: true })
    writeFileSync(stamp, wanted)
    return null
  }
  return await withFolderLock(join(folder, '.installing'), install, () => {})
}

/** @param {string} folder */
async function runNpm(folder) {
  const { command, args, shell } = findNpm()
  // What npm says goes to stderr: stdout is for results.
  const code = await runChild(command, [...args, ...INSTALL], { cwd: folder, stdio: ['ignore', 2, 2], shell }).catch(
    () => null,
  )
  if (code === null) return 'npm could not be started'
  return code === 0 ? null : `npm ci in ${folder} ended with ${code}; what it said stands above`
}
