import { type Duration, parseDuration } from '../ground/duration.ts'
import { checkLockable, ForeignKey, type Lockable, nameOf } from '../ground/foreign-key.ts'
import { describeHolder, type Holder } from '../ground/holder.ts'
import { checkName } from '../ground/name.ts'
import { tellOnStderr } from '../calls/told-again.ts'

export interface MigrateOnceOptions {
  /**
   * What is migrated to: a release, a commit, a hash of the migrations. Once the function is through for it, it is not run for it
   * again, and nobody waits. Default: none, so each replica runs it, one after the other, which suits a tool that finds nothing left to do.
   */
  readonly version?: string
  /** How long to wait for other replicas, for `exclude` and for `tool` altogether, before a `LockTimeoutError`. Default `'30m'`. */
  readonly wait?: Duration
  /** Gives up the wait, with its own reason. */
  readonly signal?: AbortSignal
  /** Told who is waited for, at once and then each `every`. Default: a line on stderr. What it throws becomes an uncaught exception. */
  readonly onWait?: (holder: Holder | null, waitedMs: number) => void
  /** Default `'5s'`, at least `'100ms'`. */
  readonly every?: Duration
  /** The migration lock of the tool that the function runs, `key.prisma()` say: waited for, and left to the tool when its turn has come. */
  readonly tool?: ForeignKey
  /** Held while the function runs, to keep out migrations that it does not run itself, `key.rails('shop')` say. */
  readonly exclude?: readonly Lockable[]
  /** Of the lock, in the namespace of this instance. Default `'migrate'`. */
  readonly name?: string
}

export interface AskedToMigrate {
  readonly name: string
  /** Under which a version is noted; null: none was said. */
  readonly key: string | null
  readonly waitMs: number
  readonly everyMs: number
  readonly signal: AbortSignal | undefined
  readonly onWait: (of: string) => (holder: Holder | null, waitedMs: number) => void
  readonly tool: ForeignKey | null
  readonly exclude: readonly Lockable[]
}

const KNOWN = ['version', 'wait', 'signal', 'onWait', 'every', 'tool', 'exclude', 'name']
const SHORTEST_MS = 100

/** @throws {TypeError} for an option that does not exist or cannot be right. */
export function parseMigrateOnce(options: MigrateOnceOptions): AskedToMigrate {
  for (const option of Object.keys(options)) {
    if (!KNOWN.includes(option)) throw new TypeError(`unknown option '${option}'; there are ${KNOWN.join(', ')}`)
  }
  const { version, wait = '30m', every = '5s', signal, onWait, tool, exclude = [], name = 'migrate' } = options
  checkName(name)
  if (version !== undefined && typeof version !== 'string') throw new TypeError('version must be a string')
  const key = version === undefined ? null : keyOf(name, version)
  if (key !== null) checkName(key)
  if (version === '') throw new TypeError('version must not be empty: is the environment variable set?')
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw new TypeError('signal must be an AbortSignal')
  if (onWait !== undefined && typeof onWait !== 'function') throw new TypeError('onWait must be a function')
  if (tool !== undefined && !(tool instanceof ForeignKey))
    throw new TypeError('tool must be made by key, as key.prisma()')
  if (!Array.isArray(exclude)) throw new TypeError("exclude must be an array, as [key.rails('shop')]")
  for (const lockable of exclude) checkLockable(lockable)
  // Each once, in one order for all.
  const excluded = new Map(exclude.map((lockable) => [nameOf(lockable), lockable]))
  if (excluded.has(name)) throw new TypeError(`exclude must not have "${name}", the lock of the migration itself`)
  if (tool !== undefined && excluded.has(tool.name))
    throw new TypeError('exclude must not have tool, which locks it itself')
  const everyMs = parseDuration(every, 'every')
  if (everyMs < SHORTEST_MS) throw new TypeError(`every must be at least '${SHORTEST_MS}ms'; got '${every}'`)
  return {
    name,
    key,
    waitMs: parseDuration(wait, 'wait'),
    everyMs,
    signal,
    onWait: (of) => onWait ?? tellOnStderr(`migration lock "${of}"`, describeHolder),
    tool: tool ?? null,
    exclude: [...excluded].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, lockable]) => lockable),
  }
}

/** No two names and versions have the same. */
function keyOf(name: string, version: string): string {
  return `${name.replaceAll(/[\\:]/g, String.raw`\$&`)}:${version}`
}
