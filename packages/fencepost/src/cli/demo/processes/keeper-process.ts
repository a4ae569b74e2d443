import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'

/** A process of the demo was born or has ended. */
export type KeeperMessage = { readonly born: number } | { readonly gone: number }

/**
 * A process that outlives the demo and clears up after it, whatever ended it: SIGKILL leaves the demo no last word, and
 * a worker that is stopped cannot notice. It acts when its IPC channel closes, which the kernel sees to.
 */
export class KeeperProcess {
  readonly #child: ChildProcess
  readonly #exit: Promise<unknown[]>

  /** Resolves when it stands by; before that nothing may be made that it is to clear up. */
  static async start(url: string, schema: string): Promise<KeeperProcess> {
    const child = fork(new URL('./keeper.js', import.meta.url), [schema], {
      // In the environment, as an argument would show the password in the list of processes.
      env: { ...process.env, DATABASE_URL: url },
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    const keeper = new KeeperProcess(child)
    const ended = keeper.#exit.then(([code]) =>
      Promise.reject(new Error(`the keeper process ended with code ${String(code)}`)),
    )
    await Promise.race([once(child, 'message'), ended])
    return keeper
  }

  private constructor(child: ChildProcess) {
    this.#child = child
    this.#exit = once(child, 'exit')
  }

  /** Kills the process at the end if it is still there then. */
  watch(child: ChildProcess): void {
    const { pid } = child
    if (pid === undefined) return
    this.#tell({ born: pid })
    child.once('exit', () => this.#tell({ gone: pid }))
  }

  /** Kills what is left and drops the schema. False if it could not be dropped. */
  async clearUp(): Promise<boolean> {
    if (this.#child.connected) this.#child.disconnect()
    const [code] = await this.#exit
    return code === 0
  }

  #tell(message: KeeperMessage): void {
    if (this.#child.connected) this.#child.send(message, () => {})
  }
}
