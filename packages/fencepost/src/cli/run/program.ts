import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync } from 'node:fs'
import { CommandError, ExitCode } from '../exit-code.ts'
import { say } from '../say.ts'
import { environmentOf, type Told } from './environment.ts'
import type { HeldBack } from './held-back.ts'
import type { Watchdog } from './watchdog.ts'

/** How a program ended: one of the two is null. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface ProgramOptions {
  readonly command: readonly [string, ...string[]]
  /** Where the program is. */
  readonly path: string
  readonly told: Omit<Told, 'mark'>
  /** Null: it says what it says to our own stdout and stderr. */
  readonly heldBack: HeldBack | null
}

/** The terminal itself sends these to the program, as it does to us. */
const BY_TERMINAL: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGTSTP', 'SIGCONT', 'SIGWINCH']
/** To the program alone, as they end whoever does not know them. */
const TO_ONE: readonly NodeJS.Signals[] = ['SIGUSR1', 'SIGUSR2', 'SIGWINCH']

/**
 * A program that runs on our stdin, stdout and stderr, and does not outlive us.
 *
 * With a terminal it stays in our process group: only the group in the foreground may read, and ^C, ^\ and ^Z reach all of it. Without one it
 * gets a group of its own, which is then signalled as a whole.
 */
export class Program {
  /** Rejects with a `CommandError` if it could not be run. */
  readonly ended: Promise<Ended>
  readonly pid: number
  readonly #child: ChildProcess
  readonly #watchdog: Watchdog
  readonly #hasGroup = !hasTerminal()

  /** Runs it. The watchdog is there before and knows the mark it will carry, so that at no moment it could be left over. */
  constructor({ command: [name, ...args], path, told, heldBack }: ProgramOptions, watchdog: Watchdog) {
    const child = spawn(path, args, {
      argv0: name,
      detached: this.#hasGroup,
      env: environmentOf({ ...told, mark: watchdog.mark }, process.env),
      stdio: ['inherit', heldBack?.stdout ?? 'inherit', heldBack?.stderr ?? 'inherit'],
    })
    this.pid = child.pid ?? 0
    if (child.pid !== undefined) watchdog.watch(this.#hasGroup ? -child.pid : child.pid)
    this.#child = child
    this.#watchdog = watchdog
    this.ended = once(child, 'exit').then(
      ([code, signal]) => ({ code, signal }),
      (error: Error) => {
        throw new CommandError(`cannot run "${name}": ${error.message}`, ExitCode.cannotRun, { cause: error })
      },
    )
  }

  /** Hands on what was sent to us. */
  pass(signal: NodeJS.Signals): void {
    if (this.#hasEnded || (!this.#hasGroup && BY_TERMINAL.includes(signal))) return
    const toAll = this.#hasGroup && !TO_ONE.includes(signal)
    try {
      process.kill(toAll ? -this.pid : this.pid, signal)
    } catch (error) {
      say(`${signal} could not be passed on: ${(error as Error).message}`)
    }
  }

  /** Ends it and, as far as possible, all that it has started: TERM, and after `graceMs` KILL. */
  async stop(graceMs: number): Promise<Ended> {
    await this.#watchdog.stop(graceMs)
    return await this.ended
  }

  get #hasEnded(): boolean {
    return this.pid === 0 || this.#child.exitCode !== null || this.#child.signalCode !== null
  }
}

/** Whether a terminal controls this process, wherever stdin and stdout go. */
export function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', constants.O_RDONLY | constants.O_NOCTTY))
    return true
  } catch {
    return false
  }
}
