import { type Duration, parseDuration } from '../ground/duration.ts'
import type { Holder } from '../ground/holder.ts'

export interface EvictOptions {
  /** Only whoever holds the name under this token. Default: the one it is held under now. */
  readonly token?: number
  /**
   * The backend of a holder that has no token, as it took the key past fencepost (plain `pg_advisory_lock`). It cannot be asked, and is ended
   * after the grace with everything it holds.
   */
  readonly backend?: number
  /**
   * How long the holder, and its guarded transactions in flight, have to end by themselves. Default `'5s'`; `'0s'` ends them at once.
   */
  readonly grace?: Duration
  /** Gives up, with the signal's own reason. The holder may have let go by then. */
  readonly signal?: AbortSignal
}

/** What came of it. */
export interface EvictionReport {
  /**
   * `released`: the holder let go, or was about to. `terminated`: a backend was ended, with everything it held. `not held` and `changed`:
   * nothing was done, as nobody holds the name, or not under that token.
   */
  readonly outcome: 'released' | 'terminated' | 'not held' | 'changed'
  /** Nothing is committed under it any more, if it was released or terminated; null where there was none. */
  readonly token: number | null
  /** Those it was taken from; with `changed` those who hold it now. */
  readonly holders: readonly Holder[]
}

export interface ParsedEvictOptions {
  readonly token: number | null
  readonly backend: number | null
  readonly graceMs: number
  readonly signal: AbortSignal | undefined
}

const KNOWN = ['token', 'backend', 'grace', 'signal']

/** @throws {TypeError} for an option that does not exist or has a wrong type. */
export function parseEvictOptions(options: EvictOptions): ParsedEvictOptions {
  for (const option of Object.keys(options)) {
    if (!KNOWN.includes(option)) throw new TypeError(`unknown option '${option}'; there are ${KNOWN.join(', ')}`)
  }
  const { token, backend, grace = '5s', signal } = options
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw new TypeError('signal must be an AbortSignal')
  if (token !== undefined && backend !== undefined) {
    throw new TypeError('token and backend exclude each other: a holder with a token is named by that')
  }
  return {
    token: checkNumber(token, 'token'),
    backend: checkNumber(backend, 'backend'),
    graceMs: parseDuration(grace, 'grace'),
    signal,
  }
}

function checkNumber(value: number | undefined, option: string): number | null {
  if (value !== undefined && !(Number.isSafeInteger(value) && value > 0)) {
    throw new TypeError(`${option} must be a whole number above 0; got ${String(value)}`)
  }
  return value ?? null
}
