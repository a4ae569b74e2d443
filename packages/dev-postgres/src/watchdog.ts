import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import type { Folder } from './folder.ts'
import type { Identity } from './identity.ts'
import { spawnAs } from './identity.ts'
import { pipe } from './pipe.ts'

/**
 * sh -c WATCH sh <signal> <program> <arguments>: runs the program and signals it when our end of stdin closes, be it that we
 * closed it or that we were killed. It waits on the program, not on stdin, so a program that ends by itself is reported at once.
 *
 * - sh gives background jobs /dev/null for stdin, hence descriptor 4. Descriptor 3 is the folder's lifeline, for the program to keep.
 * - The program starts before the trap: it would inherit ignored signals.
 * - If it has not ended after 10 s, QUIT: PostgreSQL then kills what hangs after 5 s more, and recovers at the next start.
 */
const WATCH = `
exec 4<&0
signal=$1; shift
"$@" </dev/null 4<&- & pid=$!
trap "" INT TERM HUP
(
  exec 3>&-
  while read -r _ <&4; do :; done
  kill -s "$signal" $pid 2>/dev/null
  for _ in 1 2 3 4 5 6 7 8 9 10; do sleep 1 2>/dev/null; kill -0 $pid 2>/dev/null || exit; done
  kill -s QUIT $pid 2>/dev/null
) & dog=$!
exec 4<&-
wait $pid; status=$?
{ kill -9 $dog; wait $dog; } 2>/dev/null
exit $status`

const LOG_LENGTH = 64 * 1024

export interface WatchOptions {
  readonly identity: Identity | null
  readonly folder: Folder
  /** What the program gets when we end or die: INT lets PostgreSQL write a checkpoint first, QUIT does not. */
  readonly signal: 'INT' | 'QUIT'
  /** Called if the watchdog itself was killed: the program then runs unwatched. */
  readonly orphaned?: () => void
}

/** A program that does not outlive us. */
export interface Watched {
  /** Resolves to its exit code when the program *and all it started* are gone: they hold its stderr. */
  readonly ended: Promise<number | string>
  isRunning(): boolean
  /** The last 64 KiB of its stderr. */
  output(): string
  /** Resolves when stderr has said this; `false` if it ended without. */
  says(text: string): Promise<boolean>
  /** Sends the signal; then await `ended`. */
  end(): void
  /** Whether the event loop waits for it. */
  hold(how: 'ref' | 'unref'): void
}

export function watch(command: readonly string[], options: WatchOptions): Watched {
  const child = start(command, options)
  const [stdin, stderr] = [pipe(child.stdin), pipe(child.stderr)]
  let output = ''
  let running = true
  stdin.on('error', () => {}) // EPIPE if it ended first; `ended` tells
  stderr.setEncoding('utf8').on('data', (chunk: string) => {
    output = (output + chunk).slice(-LOG_LENGTH)
  })
  child.once('exit', (_, signal) => signal && options.orphaned?.())
  const ended = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? String(signal)))
    child.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  }).finally(() => {
    running = false
  })
  return {
    ended,
    isRunning: () => running,
    output: () => output,
    says: (text) =>
      new Promise((resolve) => {
        stderr.on('data', () => output.includes(text) && resolve(true))
        void ended.then(() => resolve(false))
      }),
    end: () => (process.platform === 'win32' ? child.kill() : stdin.end()),
    hold: (how) => [child, stdin, stderr].forEach((handle) => handle[how]()),
  }
}

function start([program = '', ...args]: readonly string[], { identity, folder, signal }: WatchOptions): ChildProcess {
  const options = { ...spawnAs(identity), cwd: folder.path, windowsHide: true }
  // No sh there. Untested: a server outlives a parent that is killed.
  if (process.platform === 'win32') return spawn(program, args, { ...options, stdio: ['pipe', 'ignore', 'pipe'] })
  return spawn('sh', ['-c', WATCH, 'sh', signal, program, ...args], {
    ...options,
    // A Ctrl-C goes to the whole foreground group: it is for us to decide what becomes of the server.
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe', folder.lifeline ?? 'ignore'],
  })
}
