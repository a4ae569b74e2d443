import { execFile, execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { eventually } from '../../support/eventually.ts'

const run = promisify(execFile)
const BINARY = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url))
let count = 0

/** Why there are no terminals here; undefined if there are. */
export const whyNoTerminal = findTmux()

interface TerminalOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly width?: number
  readonly height?: number
}

/** A terminal with a program in it, of which the screen can be read and the keys pressed. */
export class Terminal implements AsyncDisposable {
  readonly #socket = `fencepost-${process.pid}-${++count}`
  readonly #env: NodeJS.ProcessEnv

  private constructor(env: NodeJS.ProcessEnv) {
    this.#env = env
  }

  /** The command itself; its exit code shows as `exit: <code>` when it has ended. */
  static async ofCommand(args: readonly string[], options: TerminalOptions = {}): Promise<Terminal> {
    const words = [process.execPath, BINARY, ...args].map((word) => `'${word}'`).join(' ')
    return await Terminal.of(['sh', '-c', `${words}; echo "exit: $?"; exec cat`], options)
  }

  static async of(
    program: readonly string[],
    { env = {}, width = 100, height = 24 }: TerminalOptions = {},
  ): Promise<Terminal> {
    // The PATH of a program is that of tmux, whatever -e says.
    const terminal = new Terminal({ ...process.env, ...env })
    const size = ['-x', String(width), '-y', String(height)]
    const variables = Object.entries({ TERM: 'screen', ...env }).flatMap(([name, value]) => ['-e', `${name}=${value}`])
    await terminal.#tmux('-f', '/dev/null', 'new-session', '-d', ...size, ...variables, ...program)
    return terminal
  }

  /** What stands on it. */
  async screen(): Promise<string> {
    return await this.#tmux('capture-pane', '-p')
  }

  /** The same with the colours, as escapes. */
  async painted(): Promise<string> {
    return await this.#tmux('capture-pane', '-p', '-e')
  }

  /** Waits until that stands on it. */
  async shows(text: string | RegExp): Promise<string> {
    let screen = ''
    const isShown = async () => {
      screen = await this.screen()
      return typeof text === 'string' ? screen.includes(text) : text.test(screen)
    }
    await eventually(isShown).catch((error: unknown) => {
      throw new Error(`${String(text)} is not on the screen:\n${screen}`, { cause: error })
    })
    return screen
  }

  /** As tmux calls them: `Down`, `Tab`, `C-c`, or what is typed. */
  async press(...keys: string[]): Promise<void> {
    await this.#tmux('send-keys', ...keys)
  }

  async type(text: string): Promise<void> {
    await this.#tmux('send-keys', '-l', text)
  }

  async resize(width: number, height: number): Promise<void> {
    await this.#tmux('resize-window', '-x', String(width), '-y', String(height))
  }

  /** Whether a program has the whole screen to itself, as `top` has. */
  async isAlternate(): Promise<boolean> {
    return (await this.#tmux('display-message', '-p', '#{alternate_on}')).trim() === '1'
  }

  /** The process in it. */
  async pid(): Promise<number> {
    return Number(await this.#tmux('display-message', '-p', '#{pane_pid}'))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux('kill-server').catch(() => {})
  }

  async #tmux(...args: string[]): Promise<string> {
    return (await run('tmux', ['-L', this.#socket, ...args], { env: this.#env })).stdout
  }
}

/** Of the processes that were started by this one. */
export async function childrenOf(pid: number): Promise<number[]> {
  const { stdout } = await run('ps', ['--ppid', String(pid), '-o', 'pid='])
  return stdout.trim().split(/\s+/).map(Number)
}

function findTmux(): string | undefined {
  try {
    execFileSync('tmux', ['-V'])
    return undefined
  } catch (error) {
    console.warn('skipped: tests in a terminal: there is no tmux (Debian: apt-get install tmux)')
    return String(error)
  }
}
