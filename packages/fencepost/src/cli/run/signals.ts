import { CommandError, signalled } from '../exit-code.ts'

const ENDING = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const
const OTHERS = ['SIGUSR1', 'SIGUSR2', 'SIGWINCH', 'SIGCONT'] as const
const SUSPEND = 'SIGTSTP'

/** What is sent to this process: it ends the wait, and goes to the program once there is one. */
export class Signals implements Disposable {
  readonly #interruption = new AbortController()
  #receiver: ((signal: NodeJS.Signals) => void) | undefined

  constructor() {
    for (const name of [...ENDING, ...OTHERS]) process.on(name, this.#take)
    process.on(SUSPEND, this.#suspend)
  }

  /** Aborts with a `CommandError` when this process is told to end before there is a program. */
  get interruption(): AbortSignal {
    return this.#interruption.signal
  }

  passTo(receiver: (signal: NodeJS.Signals) => void): void {
    this.#receiver = receiver
  }

  [Symbol.dispose](): void {
    for (const name of [...ENDING, ...OTHERS]) process.off(name, this.#take)
    process.off(SUSPEND, this.#suspend)
  }

  readonly #take = (signal: NodeJS.Signals): void => {
    if (this.#receiver !== undefined) return this.#receiver(signal)
    if (!(ENDING as readonly string[]).includes(signal)) return
    this.#interruption.abort(new CommandError(`ended by ${signal}; nothing was run`, signalled(signal)))
  }

  /** As the signal would have done by itself, which is nothing where nobody could wake us again; so not by SIGSTOP. */
  readonly #suspend = (): void => {
    this.#receiver?.(SUSPEND)
    process.off(SUSPEND, this.#suspend)
    process.kill(process.pid, SUSPEND)
    process.on(SUSPEND, this.#suspend)
  }
}
