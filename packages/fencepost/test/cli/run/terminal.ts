import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { BINARY } from '../command.ts'

/** Whether there is a program that makes terminals. */
export const HAS_TERMINALS = hasScript()

/** As long as nothing else is shown either. */
const LATE_MS = 60_000

/** A shell at a terminal, and somebody who types. In it, `run …` is the command. */
export class Terminal implements AsyncDisposable {
  screen = ''
  readonly #child: ChildProcess
  readonly #closed: Promise<unknown>

  static async open(url: string): Promise<Terminal> {
    const terminal = new Terminal(url)
    terminal.type(`alias run='"$NODE" "$BINARY" run'; PS1='$ '; stty -echo; echo rea''dy\n`)
    await terminal.shows('ready')
    return terminal
  }

  private constructor(url: string) {
    const env = {
      ...process.env,
      DATABASE_URL: url,
      NODE: process.execPath,
      BINARY,
      LC_ALL: 'C',
      TERM: 'dumb',
      PAGER: 'cat',
    }
    this.#child = spawn('script', ['-qec', 'bash --norc --noprofile -i', '/dev/null'], { env, detached: true })
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.screen += text))
    this.#closed = once(this.#child, 'close')
  }

  /** `\x03` is ^C, `\x1a` ^Z. */
  type(text: string): void {
    this.#child.stdin?.write(text)
  }

  /** Resolves when it has shown so. */
  async shows(text: string): Promise<void> {
    while (!this.screen.includes(text)) {
      const { stdout } = this.#child
      const told = stdout && once(stdout, 'data', { signal: AbortSignal.timeout(LATE_MS) }).then(() => true)
      const isTold = await Promise.race([told, this.#closed.then(() => false)]).catch(() => false)
      if (!isTold) throw new Error(`it never showed "${text}":\n${this.screen}`)
    }
  }

  /** The window is closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#closed
  }
}

function hasScript(): boolean {
  try {
    return execFileSync('script', ['-qec', 'bash -c "echo fine"', '/dev/null'], { input: '' }).includes('fine')
  } catch {
    console.warn(
      'skipped: tests at a terminal, as there is no script(1) of util-linux (Debian: apt-get install bsdutils)',
    )
    return false
  }
}
