import { DeadlockError } from '../ground/errors.ts'
import { optionsAndWork } from '../locks/lock-options.ts'
import type { Locks } from '../locks/locks.ts'
import { Scope } from '../locks/scope.ts'
import type { Schema } from '../postgres/schema.ts'
import type { AsStored } from '../results/stored-result.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { Flight, type FlightParts } from './flight.ts'
import { KeptResults } from './kept-results.ts'
import { checkSingleKey, parseSingleOptions, type SingleOptions, type SingleWork } from './single-options.ts'

/**
 * Has one caller compute, among all processes, what the others who ask meanwhile get too, and later ones for `ttl`: as JSON gives it back.
 * If the one dies, freezes or loses its connection, the next computes, and what the first still comes to is refused.
 *
 * @throws what `work` throws, for all callers of this process who waited; those of others get a `SingleFailedError`. Nothing is kept.
 * @throws {TypeError} for a result that JSON cannot carry or of more than 1 MiB; as what `work` throws.
 * @throws {SingleBusyError} after `wait`.
 * @throws {DeadlockError} inside of itself.
 * @throws {LockLostError} if the lock of the key was lost three times in the middle.
 * @throws what `lock` and `lock.transaction` throw.
 */
export interface SingleCall {
  <T>(key: string, work: SingleWork<T>): Promise<AsStored<T>>
  <T>(key: string, options: SingleOptions, work: SingleWork<T>): Promise<AsStored<T>>
}

export interface SingleParts {
  readonly locks: Locks
  readonly sessions: Sessions
  readonly schema: Schema
  readonly namespace: string
  /** What others are told of who computed. */
  readonly application: string
  readonly closing: AbortSignal
}

type Rest = [(SingleOptions | SingleWork<unknown>)?, SingleWork<unknown>?]

/** `fp.single`. */
export function singleCall(parts: SingleParts): SingleCall {
  const { locks, namespace, closing } = parts
  const results = new KeptResults(parts)
  const flightParts: FlightParts = { locks, results, lockNamespace: `${namespace}/single`, closing }
  const shared = new Map<string, Flight>()

  const start = (key: string): Flight => {
    const flight = new Flight(key, flightParts)
    void flight.run().finally(() => shared.get(key) === flight && shared.delete(key))
    return flight
  }
  /** What waits inside of a callback waits for itself, so that the database sees who waits for whom. */
  const flightOf = (key: string): Flight => {
    if (Scope.here() !== undefined) return start(key)
    const open = shared.get(key)
    if (open?.callers.isOpen === true) return open
    const flight = start(key)
    shared.set(key, flight)
    return flight
  }
  const single = async (key: string, ...rest: Rest) => {
    const [options, work] = optionsAndWork(rest)
    checkSingleKey(key)
    const asked = parseSingleOptions(options)
    if (typeof work !== 'function') throw new TypeError('single() needs a function that computes the result')
    asked.signal?.throwIfAborted()
    const lockKey = locks.keyOf(key, flightParts.lockNamespace)
    if (Scope.holding(locks, lockKey) !== null) throw new DeadlockError(key, [], SELF_WAIT)
    const text = await flightOf(key).callers.join({ ...asked, work })
    // For each his own: what one of them changes the others do not see.
    return text === null ? undefined : JSON.parse(text)
  }
  return single
}

const SELF_WAIT = 'it is asked for inside of its own computation'
