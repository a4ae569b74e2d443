import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const RUNNERS = new URL('runners/', import.meta.url)
const ROOT = new URL('../../../../', import.meta.url)
const JEST = new URL('jest/', RUNNERS)
const { stdout } = await promisify(execFile)(process.execPath, [new URL('install.js', JEST).pathname])

/** Why jest is not installed; empty if it is. */
export const wantingJest = stdout.trim()
if (wantingJest !== '') console.warn(`skipped: testLock in jest: ${wantingJest}`)

export interface Kind {
  readonly name: string
  /** What others are told of it. */
  readonly application: string
  readonly args: readonly string[]
  readonly env?: Record<string, string>
}

const VITEST = [
  // What vitest needs of later versions of Node to report a failure.
  '--import',
  new URL('scripts/run/node-20.js', ROOT).href,
  new URL('node_modules/vitest/vitest.mjs', ROOT).pathname,
  'run',
  '--root',
  new URL('vitest/', RUNNERS).pathname,
]

export const KINDS: readonly Kind[] = [
  { name: 'vitest', application: 'vitest', args: [...VITEST, 'hooks'] },
  { name: 'vitest with globals', application: 'vitest', args: [...VITEST, 'globals'], env: { GLOBALS: 'true' } },
  {
    name: 'node:test',
    application: 'node:test',
    args: ['--test', new URL('node-test/billing.fixture.js', RUNNERS).pathname],
  },
  ...(wantingJest === ''
    ? [
        {
          name: 'jest',
          application: 'jest',
          args: ['--experimental-vm-modules', new URL('node_modules/jest/bin/jest.js', JEST).pathname],
        },
      ]
    : []),
]

/** A run of a test file by a real runner. */
export class Run implements AsyncDisposable {
  readonly ended: Promise<number | null>
  readonly #child: ChildProcess
  #said = ''

  static start(kind: Kind, url: string, scenario: string, options: object = {}): Run {
    return new Run(kind, { DATABASE_URL: url, SCENARIO: scenario, TEST_LOCK: JSON.stringify(options) })
  }

  private constructor({ args, env }: Kind, environment: Record<string, string>) {
    // This is a test itself: its children must not take themselves for a part of it.
    const inherited = Object.entries(process.env).filter(([name]) => !/^(VITEST|JEST|NODE_TEST|TEST$)/.test(name))
    this.#child = spawn(process.execPath, args, {
      cwd: fileURLToPath(args.some((arg) => arg.includes('jest')) ? JEST : RUNNERS),
      env: { ...Object.fromEntries(inherited), ...environment, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own: a runner that is killed may leave workers.
      detached: true,
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.#said += text))
    }
    this.ended = once(this.#child, 'close').then(([code]) => code as number | null)
  }

  /** All it has said, on both streams. */
  get said(): string {
    return this.#said
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      process.kill(-(this.#child.pid ?? 0), 'SIGKILL')
    } catch {
      // It has ended.
    }
    await this.ended
  }
}
