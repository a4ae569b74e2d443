import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { CommandError, ExitCode } from '../exit-code.ts'

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Runs a program, without a shell, with our own input and output, until it ends; what ends us by a signal is handed on. Returns its exit code, or
 * 128 and the number of the signal that ended it.
 *
 * @throws {CommandError} if it cannot be run: 127 not found, 126 otherwise.
 */
export async function runProgram(command: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
  const [program = '', ...args] = command
  const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, ...env } })
  const forward = (signal: NodeJS.Signals) => {
    // A terminal has sent its Ctrl-C to all of us.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
  }
  for (const signal of FORWARDED) process.on(signal, forward)
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', (error: NodeJS.ErrnoException) => {
        const code = error.code === 'ENOENT' ? ExitCode.notFound : ExitCode.cannotRun
        reject(new CommandError(`${program} cannot be run: ${error.message}`, code, { cause: error }))
      })
      child.once('close', (code, signal) => {
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]))
      })
    })
  } finally {
    for (const signal of FORWARDED) process.off(signal, forward)
  }
}
