import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { CommandError, ExitCode } from '../exit-code.ts'
import { say } from '../say.ts'

/** In the environment of the program and of everything it starts, which is how they are found. */
export const MARK = 'FENCEPOST_RUN'

/**
 * sh -c WATCH sh <mark>: outlives us, as nobody can act on SIGKILL. It is told one line at a time what there is:
 *
 *     watch <target>    the program: its process id, or minus that for its whole group
 *     stop <tenths>     TERM now, KILL after so many tenths of a second
 *     done              the program has ended by itself; leave what it left behind alone
 *     (end of input)    we are gone: KILL
 *
 * - What carries the mark is found where there is /proc; elsewhere the target is all there is.
 * - KILL goes round, as those that are found may start another meanwhile, and as a program carries no mark from its fork to its exec.
 * - A group was sent TERM as a whole. Without one, each that carries the mark is.
 * - CONT, as a stopped program hears no TERM.
 */
const WATCH = `
trap '' HUP INT QUIT TERM TSTP
mark=$1 target=
send() { [ -n "$target" ] && kill -s "$1" -- "$target"; }
marked() { grep -lzF "${MARK}=$mark" /proc/[0-9]*/environ | tr -dc '0-9\\n'; }
nap() { sleep 0.1 || sleep 1; }
kill_all() {
  send KILL
  none=0
  for round in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    found=$(marked)
    if [ -n "$found" ]; then
      kill -s KILL $found
      [ "$round" -lt 10 ] || nap
    else
      none=$((none + 1))
      [ "$none" -lt 2 ] || break
      nap
    fi
  done
}
stop() {
  left=$1
  case $target in
    -*) ;;
    *) for found in $(marked); do [ "$found" = "$target" ] || kill -s TERM "$found"; done ;;
  esac
  send TERM
  send CONT
  while [ "$left" -gt 0 ] && { send 0 || [ -n "$(marked)" ]; }; do nap; left=$((left - 1)); done
  kill_all
  exit 0
}
while read -r verb argument; do
  case $verb in
    watch) target=$argument ;;
    stop) stop "$argument" ;;
    done) exit 0 ;;
  esac
done
kill_all`

/** Ends a program, and as far as possible all that it has started, when we say so and when we are gone. */
export class Watchdog implements Disposable {
  readonly mark = randomUUID()
  readonly #told: string[] = []
  readonly #over: Promise<void>
  #target: number | undefined
  #child: ChildProcess | undefined
  #end!: () => void

  /** @throws {CommandError} where there is no sh. */
  static async start(): Promise<Watchdog> {
    const watchdog = new Watchdog()
    try {
      await watchdog.#launch()
      return watchdog
    } catch (error) {
      const why = `cannot start sh, which ends the program if this process is killed: ${(error as Error).message}`
      throw new CommandError(why, ExitCode.unusable, { cause: error })
    }
  }

  private constructor() {
    this.#over = new Promise((resolve) => (this.#end = resolve))
  }

  /** @param target a process id; negative for a whole group. */
  watch(target: number): void {
    this.#target = target
    this.#tell(`watch ${target}`)
  }

  /** The program has ended by itself, or was never started. */
  [Symbol.dispose](): void {
    this.#tell('done')
  }

  /** TERM, and KILL after `graceMs` to what is left; resolves when nothing is. */
  async stop(graceMs: number): Promise<void> {
    this.#tell(`stop ${Math.ceil(graceMs / 100)}`)
    this.#child?.ref()
    await this.#over
  }

  #tell(line: string): void {
    this.#told.push(line)
    this.#child?.stdin?.write(`${line}\n`)
  }

  async #launch(): Promise<void> {
    // Without the mark of a run around this one, whose end would take this watchdog before it has done its work.
    const { [MARK]: _, ...env } = process.env
    const child = spawn('sh', ['-c', WATCH, 'sh', this.mark], {
      detached: true,
      cwd: '/',
      env,
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    child.stdin.on('error', () => {}) // EPIPE: its exit tells
    await once(child, 'spawn')
    child.once('exit', (code) => (code === 0 ? this.#end() : this.#relaunch()))
    child.stdin.write(this.#told.map((line) => `${line}\n`).join(''))
    if (this.#child === undefined) child.unref()
    ;(child.stdin as Socket).unref()
    this.#child = child
  }

  /** Somebody has killed it. */
  #relaunch(): void {
    void this.#launch().catch((error: Error) => {
      say(`cannot start sh again, without which the program must not go on: ${error.message}`)
      if (this.#target !== undefined) process.kill(this.#target, 'SIGKILL')
      this.#end()
    })
  }
}
