import { type Duration, parseDuration } from '../ground/duration.ts'
import { checkName } from '../ground/name.ts'

/** What the function is told. */
export interface SingleRun {
  readonly key: string
  /** Aborts when nobody waits for the result any more, or when the lock of the key is lost: then somebody else computes it. */
  readonly signal: AbortSignal
}

export type SingleWork<T> = (run: SingleRun) => Promise<T> | T

export interface SingleOptions {
  /**
   * For how long the result is given to later callers, by the server's clock, from when it was computed: up to `'36500d'`. Default `'0s'`:
   * only to those who waited while it was computed. What counts is that of the caller whose function is called.
   */
  readonly ttl?: Duration
  /** How long to wait while somebody else computes it, before `SingleBusyError`. Default: for as long as it takes; `'0s'` does not wait. */
  readonly wait?: Duration
  /** Gives up this call, with its own reason; the computation goes on for others who wait for it. */
  readonly signal?: AbortSignal
}

export interface AskedSingle {
  readonly ttlMs: number
  /** Null: for ever. 0: not at all. */
  readonly waitMs: number | null
  readonly signal: AbortSignal | undefined
}

const KNOWN = ['ttl', 'wait', 'signal']
const LONGEST_TTL_MS = 36_500 * 86_400_000

/** @throws {TypeError} for an option that does not exist or cannot be right. */
export function parseSingleOptions(options: SingleOptions): AskedSingle {
  for (const option of Object.keys(options)) {
    if (!KNOWN.includes(option)) throw new TypeError(`unknown option '${option}'; there are ${KNOWN.join(', ')}`)
  }
  const { ttl = '0s', wait, signal } = options
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw new TypeError('signal must be an AbortSignal')
  const waitMs = wait === undefined ? null : parseDuration(wait, 'wait')
  return { ttlMs: parseDuration(ttl, 'ttl', LONGEST_TTL_MS), waitMs, signal }
}

/** @throws {TypeError} for what a lock's name may not be either. */
export function checkSingleKey(key: unknown): asserts key is string {
  try {
    checkName(key)
  } catch (error) {
    throw new TypeError((error as Error).message.replace('a lock name', 'the key of single'), { cause: error })
  }
}
