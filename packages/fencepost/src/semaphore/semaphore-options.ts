import { type Duration, parseDuration } from '../ground/duration.ts'
import type { Holder } from '../ground/holder.ts'
import { checkName } from '../ground/name.ts'

export interface SemaphoreOptions {
  /**
   * The number of permits this one takes the place of. While somebody still says the old one, each is granted permits as if it had only
   * its own number of them, so there are never more than the larger. Without it a second number is a `PermitsDifferError`.
   */
  readonly replaces?: number
}

/** What a semaphore is, in the words of one caller. */
export interface Said {
  readonly name: string
  readonly permits: number
  readonly replaces: number | null
}

export interface TryPermitOptions {
  /** Gives up with the signal's own reason. It has no effect on a permit that was granted. */
  readonly signal?: AbortSignal
}

export interface PermitOptions extends TryPermitOptions {
  /** How long to wait for a permit, connecting included. Default: for as long as it takes. */
  readonly wait?: Duration
  /** Called once if none is granted at once, with who has held one longest, null if that is not known, and how many others wait. */
  readonly onWait?: (holder: Holder | null, waiting: number) => void
}

export interface ParsedPermitOptions {
  /** Null: for ever. */
  readonly waitMs: number | null
  readonly signal: AbortSignal | undefined
  readonly onWait: PermitOptions['onWait']
}

const MOST_PERMITS = 1000

/** @throws {TypeError} for a name, a number or an option that cannot be right. */
export function parseSemaphore(name: string, permits: number, options: SemaphoreOptions = {}): Said {
  try {
    checkName(name)
  } catch (error) {
    throw new TypeError((error as Error).message.replace('a lock name', 'the name of a semaphore'), { cause: error })
  }
  checkPermits(permits, 'the number of permits')
  checkKnown(options, ['replaces'])
  const { replaces } = options
  if (replaces !== undefined) checkPermits(replaces, 'replaces')
  return { name, permits, replaces: replaces === undefined || replaces === permits ? null : replaces }
}

/** @throws {TypeError} for an option that does not exist or has a wrong type. */
export function parsePermitOptions(options: PermitOptions, known: readonly string[]): ParsedPermitOptions {
  checkKnown(options, known)
  const { wait, signal, onWait } = options
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw new TypeError('signal must be an AbortSignal')
  if (onWait !== undefined && typeof onWait !== 'function') throw new TypeError('onWait must be a function')
  return { waitMs: wait === undefined ? null : parseDuration(wait, 'wait'), signal, onWait }
}

function checkKnown(options: object, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`options must be an object; got ${String(options)}`)
  }
  for (const option of Object.keys(options)) {
    if (!known.includes(option)) throw new TypeError(`unknown option '${option}'; there are ${known.join(', ')}`)
  }
}

function checkPermits(permits: number, what: string): void {
  if (!Number.isInteger(permits) || permits < 1 || permits > MOST_PERMITS) {
    throw new TypeError(`${what} must be a whole number from 1 to ${MOST_PERMITS}; got ${String(permits)}`)
  }
}
