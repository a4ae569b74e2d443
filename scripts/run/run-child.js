import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { endGroup } from './end-group.js'
import { whenOrphaned } from './when-orphaned.js'

/** @type {NodeJS.Signals[]} */
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP']

/**
 * Runs a program to its end, hands it the signals that reach us, and returns its exit code: 128 + n if signal n ended it.
 * With `ownGroup` nothing that the program started, and that stayed in its process group, outlives this call.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd: string, stdio: import('node:child_process').StdioOptions, env?: NodeJS.ProcessEnv, ownGroup?: boolean, shell?: boolean }} options
 * @returns {Promise<number>}
 */
export async function runChild(command, args, { ownGroup = false, ...options }) {
  // Windows has no process groups, and `detached` would open a window there.
  const grouped = ownGroup && process.platform !== 'win32'
  const child = spawn(command, args, { ...options, detached: grouped })
  const forward = (/** @type {NodeJS.Signals} */ signal) => {
    // The terminal has sent Ctrl-C to our whole group already, and a second one means "at once" to many programs.
    if (signal === 'SIGINT' && !grouped && onTerminal()) return
    child.kill(signal)
  }
  for (const signal of FORWARDED) process.on(signal, forward)
  const endWatch = whenOrphaned(() => child.kill('SIGTERM'))
  try {
    return await exitCodeOf(child)
  } finally {
    endWatch()
    if (grouped && child.pid) await endGroup(child.pid)
    for (const signal of FORWARDED) process.off(signal, forward)
  }
}

function onTerminal() {
  return [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY)
}

/** @param {import('node:child_process').ChildProcess} child @returns {Promise<number>} */
function exitCodeOf(child) {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL']))
  })
}
