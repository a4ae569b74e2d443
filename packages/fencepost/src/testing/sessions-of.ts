import { Lock } from '../locks/lock.ts'
import { LockSet } from '../locks/lock-set.ts'
import { hasMethods } from '../postgres/queryable.ts'
import { Session } from '../postgres/session.ts'
import type { Mortal } from './mortal.ts'
import { ServedSession } from './served-session.ts'

/** The sessions of a lock, or of several held together. @throws {TypeError} for what is no lock, and for what is frozen. */
export function sessionsOf(held: Lock | LockSet): Mortal[] {
  const locks = held instanceof LockSet ? held.locks : [held]
  if (!locks.every((lock) => lock instanceof Lock)) {
    throw new TypeError('only what fp.lock(), fp.tryLock() and fp.lockAll() give can be ended so')
  }
  const sessions = new Set(locks.map((lock) => Lock.keeperOf(lock).session))
  const mortals = [...sessions].map(mortalOf)
  if (mortals.some(({ isFrozen }) => isFrozen)) throw new TypeError('its connection is frozen already: thaw it first')
  return mortals
}

function mortalOf(session: object): Mortal {
  if (session instanceof Session) return new ServedSession(session)
  if (!hasMethods(session, 'die', 'freeze')) throw new TypeError('locks of this provider cannot be ended so')
  return session as Mortal
}
