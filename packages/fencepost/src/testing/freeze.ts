import type { Lock } from '../locks/lock.ts'
import type { LockSet } from '../locks/lock-set.ts'
import type { FreezeEnd } from './mortal.ts'
import { sessionsOf } from './sessions-of.ts'

export interface FreezeOptions {
  /**
   * How the server lets go of it: `'at once'` (default), its backend being terminated as if the time were over, or `'freezeTimeout'`, by the
   * server's own clock when it has heard nothing for that long.
   */
  readonly end?: FreezeEnd
}

/** A holder that is frozen. Disposing of it thaws. */
export interface Frozen extends AsyncDisposable {
  /** Lets it wake. Resolves when its locks have told that they are lost. Does nothing the second time. */
  thaw(): Promise<void>
}

const ENDS: readonly FreezeEnd[] = ['at once', 'freezeTimeout']

/**
 * For tests: has the holder of a lock stand still as a frozen process does, to the server and to itself. Nothing is read from
 * the lock's connection and nothing is sent on it, no heartbeat either; the server lets go, and the holder is not told before `thaw()`: its code goes on
 * as a zombie, whose guarded commits are refused. Resolves when somebody else can be granted the lock.
 * All locks on the same connection freeze with it, and calls of the same instance wait until `thaw()`: give the zombie an instance of its own.
 *
 * @throws {TypeError} for a lock that is no longer held, or on a connection that is frozen already, and for `'freezeTimeout'` where there is none.
 */
export async function freeze(held: Lock | LockSet, options: FreezeOptions = {}): Promise<Frozen> {
  const { end = 'at once', ...unknown } = options
  const [stranger] = Object.keys(unknown)
  if (stranger !== undefined) throw new TypeError(`unknown option '${stranger}'; there is 'end'`)
  if (!ENDS.includes(end)) throw new TypeError(`end must be 'at once' or 'freezeTimeout'; got '${end as string}'`)
  const sessions = sessionsOf(held)
  if (held.isReleased || held.signal.aborted) throw new TypeError('only a lock that is held can be frozen')
  const thaws = await Promise.all(sessions.map(async (session) => await session.freeze(end)))
  let thawed: Promise<void> | undefined
  const thaw = async () => {
    thawed ??= Promise.all(thaws.map(async (one) => await one())).then(() => {})
    await thawed
  }
  return { thaw, [Symbol.asyncDispose]: thaw }
}
