import { type Duration, parseDuration } from '../ground/duration.ts'
import { checkName } from '../ground/name.ts'
import type { Target } from '../postgres/target.ts'
import type { RunnerHooks } from './runner-hooks.ts'

export interface AcquireTestLockOptions {
  /** The database the lock is in, a URL, a `pg.Pool` or a pool config. Default: the environment variable `DATABASE_URL`. */
  readonly database?: Target
  /** Together with others that share it: for tests that only read. Default false: alone. */
  readonly shared?: boolean
  /** How long to wait, before a `LockTimeoutError`. Default `'30m'`. */
  readonly wait?: Duration
  /** How often stderr is told who holds it while it waits, after the first time. Default `'10s'`, at least `'100ms'`. */
  readonly every?: Duration
  /**
   * For how long a runner may be frozen, or busy with one synchronous test, before the server takes the lock from it; at least `'1s'`. Default
   * `false`: for ever, until it dies.
   */
  readonly freezeTimeout?: Duration | false
  /** As `fencepost()` takes them. Default `'fencepost'`, and the namespace `'testing'`: no lock of what is tested is one of these. */
  readonly schema?: string
  readonly namespace?: string
  /** What others are told of this holder. Default: the runner, such as `vitest`. */
  readonly application?: string
}

export interface TestLockOptions extends AcquireTestLockOptions {
  /** Those of the runner, where it does not offer them as globals: `import * as hooks from 'vitest'`. */
  readonly hooks?: RunnerHooks
}

export interface ParsedTestLockOptions {
  readonly names: readonly string[]
  readonly database: Target | undefined
  readonly shared: boolean
  readonly waitMs: number
  readonly everyMs: number
  /** For `fencepost()`. */
  readonly options: Pick<AcquireTestLockOptions, 'schema'> & {
    readonly namespace: string
    readonly freezeTimeout: Duration | false
    readonly application: string
  }
}

const KNOWN = ['database', 'shared', 'wait', 'every', 'freezeTimeout', 'schema', 'namespace', 'application']
const SHORTEST_MS = 100

/** @throws {TypeError} for names and options that cannot be right. */
export function parseTestLock(
  name: string | readonly string[],
  options: AcquireTestLockOptions,
  alsoKnown: readonly string[] = [],
): ParsedTestLockOptions {
  const known = [...KNOWN, ...alsoKnown]
  for (const option of Object.keys(options)) {
    if (!known.includes(option)) throw new TypeError(`unknown option '${option}'; there are ${known.join(', ')}`)
  }
  const { shared = false, wait = '30m', every = '10s', schema, namespace = 'testing', freezeTimeout = false } = options
  if (typeof shared !== 'boolean') throw new TypeError(`shared must be true or false; got ${String(shared)}`)
  const everyMs = parseDuration(every, 'every')
  if (everyMs < SHORTEST_MS) throw new TypeError(`every must be at least '${SHORTEST_MS}ms'; got '${every}'`)
  return {
    names: namesOf(name),
    database: options.database ?? process.env['DATABASE_URL'],
    shared,
    waitMs: parseDuration(wait, 'wait'),
    everyMs,
    options: {
      namespace,
      freezeTimeout,
      application: options.application ?? runner(),
      ...(schema === undefined ? {} : { schema }),
    },
  }
}

/** In one order for all files and runs, so that none waits for another that waits for it. */
function namesOf(name: string | readonly string[]): string[] {
  const names = typeof name === 'string' ? [name] : name
  if (!Array.isArray(names) || names.length === 0) throw new TypeError('testLock() needs a name, or an array of some')
  for (const one of names) checkName(one)
  return [...new Set(names)].toSorted((one, other) => (one < other ? -1 : 1))
}

function runner(): string {
  const { VITEST, JEST_WORKER_ID, NODE_TEST_CONTEXT } = process.env
  if (VITEST !== undefined) return 'vitest'
  if (JEST_WORKER_ID !== undefined) return 'jest'
  return NODE_TEST_CONTEXT === undefined ? 'a test' : 'node:test'
}
