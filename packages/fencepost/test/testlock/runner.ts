import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const RUNNERS_FOLDER = new URL('runners/', import.meta.url)
const ROOT = new URL('../../../../', import.meta.url)
const JEST_FOLDER = new URL('jest/', RUNNERS_FOLDER)
const { stdout } = await promisify(execFile)(process.execPath, [new URL('install.js', JEST_FOLDER).pathname])

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

const VITEST_ARGS = [
  // What vitest needs of later versions of Node to report a failure.
  '--import',
  new URL('scripts/run/node-20.js', ROOT).href,
  new URL('node_modules/vitest/vitest.mjs', ROOT).pathname,
  'run',
  '--root',
  new URL('vitest/', RUNNERS_FOLDER).pathname,
]

export const VITEST: Kind = { name: 'vitest', application: 'vitest', args: [...VITEST_ARGS, 'hooks'] }
export const NODE_TEST: Kind = {
  name: 'node:test',
  application: 'node:test',
  args: ['--test', new URL('node-test/billing.fixture.js', RUNNERS_FOLDER).pathname],
}
const JEST: Kind = {
  name: 'jest',
  application: 'jest',
  args: ['--experimental-vm-modules', new URL('node_modules/jest/bin/jest.js', JEST_FOLDER).pathname],
}
const WITH_GLOBALS: Kind = {
  name: 'vitest with globals',
  application: 'vitest',
  args: [...VITEST_ARGS, 'globals'],
  env: { GLOBALS: 'true' },
}

export const RUNNERS: readonly Kind[] = wantingJest === '' ? [VITEST, NODE_TEST, JEST] : [VITEST, NODE_TEST]
/** With all ways to find the hooks of one. */
export const KINDS: readonly Kind[] = [...RUNNERS, WITH_GLOBALS]

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
      cwd: fileURLToPath(args.some((arg) => arg.endsWith('jest.js')) ? JEST_FOLDER : RUNNERS_FOLDER),
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
