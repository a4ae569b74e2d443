import { type Duration, parseDuration } from '../ground/duration.ts'

export interface LockOptions {
  /** How long to wait for the lock, connecting included. Default: for as long as it takes. */
  readonly wait?: Duration
  /** Gives up the wait with the signal's own reason. It has no effect on a lock that was granted. */
  readonly signal?: AbortSignal
}

/** `tryLock` does not wait for the lock; the signal gives up connecting. */
export type TryLockOptions = Pick<LockOptions, 'signal'>

/** @throws {TypeError} for an option that does not exist or has a wrong type. */
export function parseLockOptions(options: LockOptions, known: readonly (keyof LockOptions)[]) {
  for (const option of Object.keys(options)) {
    if (!known.includes(option as keyof LockOptions)) {
      throw new TypeError(`unknown option '${option}'; there is ${known.map((name) => `'${name}'`).join(' and ')}`)
    }
  }
  const { wait, signal } = options
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError('signal must be an AbortSignal')
  }
  return { waitMs: wait === undefined ? null : parseDuration(wait, 'wait'), signal }
}
