import type { Shared } from '../sessions/sessions.ts'
import type { Wish } from '../sessions/tickets.ts'
import type { Claims } from './claims.ts'
import type { Granted } from './granted.ts'

interface Asked {
  readonly wish: Pick<Wish, 'keys' | 'mode'>
  /** The line key to respect; null for the first of the line. */
  readonly line: bigint | null
  readonly signal: AbortSignal
}

/** Null: busy, here or elsewhere. Rejects with the signal's reason, or with what the session says; then nothing is held. */
export async function tryOnce(shared: Shared, claims: Claims, asked: Asked): Promise<Granted | null> {
  const { wish, line, signal } = asked
  const { keys, mode } = wish
  const { session, takers, descriptions } = shared
  signal.throwIfAborted()
  const leave = claims.enter(keys.key, mode)
  if (leave === null) return null
  const taker = takers[mode]
  let granted: Granted | null = null
  try {
    const grant = await taker.try(keys, line)
    if (grant !== null && signal.aborted) await taker.release(keys, grant.token)
    signal.throwIfAborted()
    if (grant !== null) granted = { session, descriptions, taker, keys, mode, grant, lane: null, leave }
    return granted
  } finally {
    if (granted === null) leave()
  }
}
