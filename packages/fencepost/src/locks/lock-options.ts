import { type Duration, parseDuration } from '../ground/duration.ts'
import type { Mode } from '../ground/mode.ts'

export interface LockOptions {
  /** How long to wait for the lock, connecting included. Default: for as long as it takes. */
  readonly wait?: Duration
  /** Gives up the wait with the signal's own reason. It has no effect on a lock that was granted. */
  readonly signal?: AbortSignal
  /** Together with other shared holders, for readers. Default false: alone. Whoever waits to hold it alone is not overtaken. */
  readonly shared?: boolean
}

/** `tryLock` does not wait for the lock; the signal gives up connecting. */
export type TryLockOptions = Pick<LockOptions, 'signal' | 'shared'>

export interface ParsedLockOptions {
  /** Null: for ever. */
  readonly waitMs: number | null
  readonly signal: AbortSignal | undefined
  readonly mode: Mode
}

/** @throws {TypeError} for an option that does not exist or has a wrong type. */
export function parseLockOptions(options: LockOptions, known: readonly (keyof LockOptions)[]): ParsedLockOptions {
  for (const option of Object.keys(options)) {
    if (!known.includes(option as keyof LockOptions)) {
      throw new TypeError(`unknown option '${option}'; there is ${known.map((name) => `'${name}'`).join(' and ')}`)
    }
  }
  const { wait, signal, shared = false } = options
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError('signal must be an AbortSignal')
  }
  if (typeof shared !== 'boolean') throw new TypeError(`shared must be true or false; got ${String(shared)}`)
  const waitMs = wait === undefined ? null : parseDuration(wait, 'wait')
  return { waitMs, signal, mode: shared ? 'shared' : 'exclusive' }
}
