import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { CommandError, ExitCode } from '../../exit-code.ts'
import type { KeeperProcess } from './keeper-process.ts'
import type { Assignment, Report } from './report.ts'

export interface WorkerPlace {
  readonly url: string
  readonly keeper: KeeperProcess
  readonly hear: (worker: WorkerProcess, report: Report) => void
}

/** A worker as the demo sees it: an operating-system process that reports over IPC. */
export class WorkerProcess {
  readonly number: number
  /** Rejects if it failed or was killed. */
  readonly ended: Promise<void>
  readonly #child: ChildProcess
  #failure: { message: string; exitCode: number } | undefined

  constructor(assignment: Assignment, { url, keeper, hear }: WorkerPlace) {
    this.number = assignment.worker
    this.#child = fork(new URL('./worker.js', import.meta.url), [JSON.stringify(assignment)], {
      // In the environment, as an argument would show the password in the list of processes.
      env: { ...process.env, DATABASE_URL: url },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.#child.on('message', (report: Report) => {
      if (report.kind === 'failed') this.#failure = report
      hear(this, report)
    })
    keeper.watch(this.#child)
    this.ended = this.#end()
    // It is awaited when all have been started.
    this.ended.catch(() => {})
  }

  /** Lets it begin. */
  go(): void {
    this.#child.send('go', () => {})
  }

  /** Ends its SIGSTOP. */
  wake(): void {
    this.#child.kill('SIGCONT')
  }

  /** Also ends one that is stopped. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.ended.catch(() => {})
  }

  async #end(): Promise<void> {
    // Both: the last reports may come after the exit.
    const [[code, signal]] = await Promise.all([once(this.#child, 'exit'), once(this.#child, 'disconnect')])
    if (code === 0) return
    const why = this.#failure?.message ?? (signal === null ? `it ended with code ${code}` : `it was ended by ${signal}`)
    throw new CommandError(`worker ${this.number}: ${why}`, this.#failure?.exitCode ?? ExitCode.internal)
  }
}
