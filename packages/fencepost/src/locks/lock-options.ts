import { type Duration, parseDuration } from '../ground/duration.ts'
import type { Holder } from '../ground/holder.ts'
import type { Keys } from '../ground/key.ts'
import type { Mode } from '../ground/mode.ts'
import type { Way } from '../line/granted.ts'
import type { Scope } from './scope.ts'

/** `tryLock` does not wait for the lock; the signal gives up connecting. */
export interface TryLockOptions {
  /** Gives up the wait with the signal's own reason. It has no effect on a lock that was granted. */
  readonly signal?: AbortSignal
  /** Together with other shared holders, for readers. Default false: alone. Whoever waits to hold it alone is not overtaken. */
  readonly shared?: boolean
}

export interface LockOptions extends TryLockOptions {
  /** How long to wait for the lock, connecting included. Default: for as long as it takes. */
  readonly wait?: Duration
  /**
   * Called once if the lock is not granted at once, with its holder, null if that is not known, and how many others
   * wait for it. What it throws becomes an
   * uncaught exception.
   */
  readonly onWait?: (holder: Holder | null, waiting: number) => void
}

/** For the callback forms. */
export interface Reentrant {
  /**
   * In a callback for which the name is held already, run within it: same token, let go of when the last callback has ended.
   * Default false: such a call throws `DeadlockError`, as it would wait for itself. A shared lock is never made exclusive.
   */
  readonly reentrant?: boolean
}

export interface ParsedLockOptions {
  /** Null: for ever. */
  readonly waitMs: number | null
  readonly signal: AbortSignal | undefined
  readonly mode: Mode
  readonly isReentrant: boolean
  readonly onWait: ((holder: Holder | null, waiting: number) => void) | undefined
}

export interface Asked {
  readonly mode: Mode
  readonly signal: AbortSignal
  /** Default: that of this fencepost. */
  readonly namespace?: string | undefined
  /** The callback it is to be held for. Default: the one it is asked in, if any. */
  readonly scope?: Scope | undefined
  /** For what is no lock, but is stood in line for: how it is taken, and the keys of its line. */
  readonly other?: { readonly way: Way; readonly keys: Keys } | undefined
  /** As in {@link Wish}; default: no. */
  readonly isUrgent?: boolean
}

export interface AskedToWait extends Asked {
  /** Null: for ever. */
  readonly waitMs: number | null
  /** Since when the caller waits. Default: since it is asked for. */
  readonly since?: number
  readonly onWait?: ((holder: Holder | null, waiting: number) => void) | undefined
  /** Called whenever it has come to stand in the server's line. */
  readonly onTicket?: (() => void) | undefined
}

/** What a lock is held for in the callback forms. */
export type Work<L, T> = (held: L) => Promise<T> | T

type Callback<Told extends unknown[], T> = (...told: Told) => Promise<T> | T
type Option = keyof (LockOptions & Reentrant)

/** The two last arguments of the forms that take a callback: options may be left out. @throws {TypeError} for options of another type. */
export function optionsAndWork<Options extends object, Told extends unknown[], T>(
  rest: [(Options | Callback<Told, T>)?, Callback<Told, T>?],
): [Options, Callback<Told, T>?] {
  const [first, second] = rest
  const [options, work] = typeof first === 'function' ? [undefined, first] : [first, second]
  if (options !== undefined && (typeof options !== 'object' || options === null)) {
    throw new TypeError(`options must be an object such as { wait: '5s' }; got ${String(options)}`)
  }
  return work === undefined ? [options ?? ({} as Options)] : [options ?? ({} as Options), work]
}

/** @throws {TypeError} for an option that does not exist or has a wrong type. */
export function parseLockOptions(options: LockOptions & Reentrant, known: readonly Option[]): ParsedLockOptions {
  for (const option of Object.keys(options)) {
    if (!known.includes(option as Option)) {
      throw new TypeError(`unknown option '${option}'; there are ${known.map((name) => `'${name}'`).join(', ')}`)
    }
  }
  const { wait, signal, onWait, shared = false, reentrant = false } = options
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw new TypeError('signal must be an AbortSignal')
  if (onWait !== undefined && typeof onWait !== 'function') throw new TypeError('onWait must be a function')
  const waitMs = wait === undefined ? null : parseDuration(wait, 'wait')
  const mode = checkBoolean(shared, 'shared') ? 'shared' : 'exclusive'
  return { waitMs, signal, mode, isReentrant: checkBoolean(reentrant, 'reentrant'), onWait }
}

function checkBoolean(value: boolean, option: string): boolean {
  if (typeof value !== 'boolean') throw new TypeError(`${option} must be true or false; got ${String(value)}`)
  return value
}
