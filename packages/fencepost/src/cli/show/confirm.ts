import { createInterface } from 'node:readline/promises'
import { CommandError, ExitCode } from '../exit-code.ts'

/**
 * Asks on the terminal whether to go on; `--yes` is the answer already. Anything but `y` or `yes`, and the end of the input, is no.
 *
 * @throws {CommandError} off a terminal, where nobody could answer: exit code 64. Ctrl-C: 130.
 */
export async function confirm(question: string, { yes }: { readonly yes: boolean }): Promise<boolean> {
  if (yes) return true
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new CommandError('nobody can be asked here, as this is no terminal: --yes goes on without', ExitCode.usage)
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const [interrupted, ended] = [new AbortController(), new AbortController()]
  terminal.once('SIGINT', () => interrupted.abort())
  terminal.once('close', () => ended.abort())
  try {
    const signal = AbortSignal.any([interrupted.signal, ended.signal])
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `, { signal })).trim())
  } catch (error) {
    process.stderr.write('\n')
    if (interrupted.signal.aborted) throw new CommandError('nothing was done', ExitCode.interrupted, { cause: error })
    if (ended.signal.aborted) return false
    throw error
  } finally {
    terminal.close()
  }
}
