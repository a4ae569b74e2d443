import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { delimiter, dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { placeOf } from '../../../../scripts/docs/compile-snippets.js'
import type { Snippet } from '../../../../scripts/docs/read-snippets.js'
import { programEnvironment } from '../support/program-environment.ts'
import { PSQL } from '../support/psql.ts'
import { COMMANDS } from './prepare-snippets.ts'

/** No snippet takes a tenth of it; this ends what hangs, also on a machine that is busy with other things. */
const BOUND_MS = 60_000
const ROW = /\bsnippet-\d+\.ts:(\d+)/g

/** How a program ended, 0 or its code or the signal, and what it said. */
export interface Run {
  readonly end: number | string | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program in a folder against a database, and ends whatever it leaves running. */
export async function runSnippet(
  snippet: Snippet,
  [program = '', ...args]: readonly string[],
  { cwd, url }: { readonly cwd: string; readonly url: string },
): Promise<Run> {
  // A group of its own, so that nothing it starts outlives it.
  const child = spawn(program, args, {
    cwd,
    detached: true,
    env: environment(url, cwd),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const isOver = AbortSignal.timeout(BOUND_MS)
  isOver.addEventListener('abort', () => endGroup(child.pid))
  // Not 'close': what it has left running may have its pipes.
  const exit = once(child, 'exit').finally(() => endGroup(child.pid))
  const [stdout, stderr, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), exit])
  const end = isOver.aborted ? `not within ${BOUND_MS / 1000} s` : (code ?? signal)
  return { end, stdout, stderr: stderr.replace(ROW, (_, row) => placeOf(snippet, Number(row))) }
}

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** With our command and psql on the path. */
function environment(url: string, cwd: string): NodeJS.ProcessEnv {
  const path = [join(cwd, '..', COMMANDS), ...(PSQL === undefined ? [] : [dirname(PSQL)]), process.env['PATH']]
  // What it needs is installed, or it fails.
  return { ...programEnvironment(url), PATH: path.join(delimiter), npm_config_offline: 'true' }
}
