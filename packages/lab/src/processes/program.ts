import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import type { Keeper } from './keeper.ts'
import { within } from './within.ts'

const LOG_LENGTH = 16 * 1024

export interface ProgramOptions {
  readonly keeper: Keeper
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly uid?: number
  readonly gid?: number
  /** What it says when it serves; for one that says nothing a question, asked again and again. */
  readonly ready: string | (() => Promise<boolean>)
}

const START_LIMIT_MS = 30_000
const POLL_MS = 20

/** A program that ended before it served. */
export class EndedAtOnce extends Error {}

/** A server that is not PostgreSQL: started until it says that it serves, and ended by SIGKILL. */
export class Program {
  readonly #child: ChildProcess
  readonly #exit: Promise<unknown>
  #output = ''

  /** @throws {Error} with what it said, if it ended or did not serve within 30 s */
  static async start(options: ProgramOptions): Promise<Program> {
    const { keeper, command, args, env = {}, ready, ...rest } = options
    const spawning: SpawnOptions = {
      ...rest,
      // As little of ours as will do: a server is not to depend on who starts it.
      env: { PATH: `${process.env['PATH']}:/usr/sbin:/sbin`, LC_ALL: 'C.UTF-8', ...env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    }
    const program = new Program(spawn(command, [...args], spawning))
    keeper.watch(program.#child)
    try {
      await program.#serves(ready)
      return program
    } catch (error) {
      await program.kill()
      const Kind = error instanceof EndedAtOnce ? EndedAtOnce : Error
      throw new Kind(`${command} did not start: ${(error as Error).message}${program.#lastWords()}`, { cause: error })
    }
  }

  private constructor(child: ChildProcess) {
    this.#child = child
    this.#exit = new Promise((resolve) => {
      child.once('close', resolve)
      child.once('error', resolve)
    })
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-LOG_LENGTH)
      })
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** What it said last, in one line. */
  #lastWords(): string {
    const last = this.#output.trim().split('\n').at(-1) ?? ''
    return last === '' ? '' : `; it said last: ${last.slice(0, 300)}`
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exit
  }

  async #serves(ready: string | (() => Promise<boolean>)): Promise<void> {
    const isReady = typeof ready === 'string' ? async () => this.#output.includes(ready) : ready
    const ended = this.#exit.then(() => Promise.reject(new EndedAtOnce('it ended')))
    ended.catch(() => {})
    const over = new AbortController()
    const serving = async () => {
      while (!over.signal.aborted && !(await isReady())) await pause(POLL_MS)
      return true
    }
    // A question may never be answered.
    const isServing = await within(START_LIMIT_MS, Promise.race([serving(), ended])).finally(() => over.abort())
    if (isServing !== true) throw new Error(`it did not serve within ${START_LIMIT_MS / 1000} s`)
  }
}
