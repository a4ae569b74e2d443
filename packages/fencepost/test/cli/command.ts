import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const BINARY = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
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

/** The built command, started. */
export class Command {
  stdout = ''
  stderr = ''
  /** Its exit code and the signal that ended it, once all that shared its output has ended too. */
  readonly closed: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  readonly #child: ChildProcess

  constructor(args: readonly string[], { env = {}, binary = BINARY, cwd, user }: Settings = {}) {
    const inherited = Object.entries(process.env).filter(([name]) => !DATABASE_VARIABLES.includes(name))
    const settings = { env: { ...Object.fromEntries(inherited), ...env }, cwd, ...user }
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

  /** Resolves when it has said so on stderr; rejects if it ended without. */
  async says(text: string): Promise<void> {
    const { stderr } = this.#child
    while (!this.stderr.includes(text)) {
      const ended = await Promise.race([stderr && once(stderr, 'data').then(() => false), this.closed.then(() => true)])
      if (ended && !this.stderr.includes(text)) throw new Error(`it never said "${text}":\n${this.stderr}`)
    }
  }
}

/** Runs the built command to its end. */
export async function runCommand(args: readonly string[], settings?: Settings) {
  const command = new Command(args, settings)
  const { code } = await command.closed
  return { code, stdout: command.stdout, stderr: command.stderr }
}
