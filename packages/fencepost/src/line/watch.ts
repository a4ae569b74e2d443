import { firstOf } from '../ground/abort.ts'
import type { Main } from '../sessions/sessions.ts'
import type { Wish } from '../sessions/wish.ts'
import { isNotYet } from './ask.ts'
import type { Claims } from './claims.ts'
import type { Granted, Watchtower } from './granted.ts'
import { tryOnce } from './try-once.ts'
import { waitOnLane } from './wait-on-lane.ts'

const AGAIN_MS = 200

/**
 * Watches a lock for the first of its line until it is granted:
 *
 *     try on the shared session ──busy──▶ held by this process? ──yes──▶ its release tells ──┐
 *                ▲                                  └──no──▶ wait on a lane, in slices       │
 *                └────────────────────────────────────────────── none free: a while ◀────────┘
 *
 * Rejects with the signal's reason, or as the shared session is lost; then nothing is held.
 */
export async function watch(tower: Watchtower, wish: Wish, signal: AbortSignal): Promise<Granted> {
  const { main, claims, sessions } = tower
  const { keys, mode } = wish
  for (;;) {
    const granted = await tryAsFirst(main, claims, { wish, signal })
    if (granted !== null) return granted
    if (claims.isFree(keys.key, mode)) {
      const waited = await waitOnLane(sessions, wish, signal)
      if (waited !== null) {
        const { lane, grant } = waited
        const { session, takers, descriptions } = lane
        const leave = claims.add(keys.key, mode)
        return { session, descriptions, taker: takers[mode], wish, grant, lane, leave }
      }
      // A try does not tell whether it is the gate that keeps it waiting.
      void sessions.stuckGuards.look(main.session, keys.gate)
      await aWhile(claims, keys.key, signal)
    } else {
      await claims.change(keys.key, signal)
    }
  }
}

/** A statement that was cancelled from outside says nothing about the lock. */
async function tryAsFirst(
  main: Main,
  claims: Claims,
  asked: { wish: Wish; signal: AbortSignal },
): Promise<Granted | null> {
  try {
    return await tryOnce(main, claims, { ...asked, line: null })
  } catch (error) {
    if (asked.signal.aborted || !isNotYet(main.session, error)) throw error
    return null
  }
}

async function aWhile(claims: Claims, key: bigint, signal: AbortSignal): Promise<void> {
  using until = firstOf([signal, AbortSignal.timeout(Math.round(AGAIN_MS * (0.5 + Math.random())))])
  await claims.change(key, until.signal)
}
