import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const DATABASE_VARIABLES = ['DATABASE_URL', 'PGHOST', 'PGPORT', 'PGUSER', 'PGPASSWORD', 'PGDATABASE']

export interface Settings {
  /** On top of an environment that names no database. */
  readonly env?: Readonly<Record<string, string>>
  /** Another installation of the command. */
  readonly binary?: string
  readonly cwd?: string
  /** Default: the one who runs the tests. */
  readonly user?: { readonly uid: number; readonly gid: number }
}

export const BINARY = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/** The built command, started, without a terminal. */
export class Command {
  stdout = ''
  stderr = ''
  /** Its exit code and the signal that ended it, once all that shared its output has ended too. */
  readonly closed: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  readonly #child: ChildProcess

  constructor(args: readonly string[], { env = {}, binary = BINARY, cwd, user }: Settings = {}) {
    const inherited = Object.entries(process.env).filter(([name]) => !DATABASE_VARIABLES.includes(name))
    const settings = { env: { ...Object.fromEntries(inherited), ...env }, cwd, ...user, detached: true }
    this.#child = spawn(process.execPath, [binary, ...args], settings)
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text))
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text))
    this.closed = once(this.#child, 'close').then(([code, signal]) => ({ code, signal }))
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Writes to its stdin; without a text, ends it. */
  write(text?: string): void {
    if (text === undefined) this.#child.stdin?.end()
    else this.#child.stdin?.write(text)
  }

  /** Resolves when it has said so on stderr; rejects if it ended without. */
  says(text: string): Promise<void> {
    return this.#tells('stderr', text)
  }

  /** The same of stdout. */
  prints(text: string): Promise<void> {
    return this.#tells('stdout', text)
  }

  async #tells(where: 'stdout' | 'stderr', text: string): Promise<void> {
    const stream = this.#child[where]
    while (!this[where].includes(text)) {
      const ended = await Promise.race([stream && once(stream, 'data').then(() => false), this.closed.then(() => true)])
      if (ended && !this[where].includes(text)) {
        throw new Error(`it never told "${text}" on ${where}:\n${this.stdout}\n${this.stderr}`)
      }
    }
  }
}

/** Runs the built command to its end. */
export async function runCommand(args: readonly string[], settings?: Settings) {
  const command = new Command(args, settings)
  const { code } = await command.closed
  return { code, stdout: command.stdout, stderr: command.stderr }
}
