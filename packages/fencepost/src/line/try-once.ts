import type { Keys } from '../ground/key.ts'
import type { Shared } from '../sessions/sessions.ts'
import type { Taker } from '../sessions/taker.ts'
import type { Token } from '../sessions/ticks.ts'
import type { Claims, Leave } from './claims.ts'
import type { AskedOnce, Granted } from './granted.ts'

const BUSY = Promise.resolve(null)

/** Null: busy, here or elsewhere. Rejects with the signal's reason, or with what the session says; then nothing is held. */
export function tryOnce(shared: Shared, claims: Claims, asked: AskedOnce): Promise<Granted | null> {
  const { wish, line, signal } = asked
  const { keys, mode } = wish
  const { session, takers, descriptions } = shared
  if (signal.aborted) return Promise.reject(signal.reason as Error)
  const leave = claims.enter(keys.key, mode)
  if (leave === null) return BUSY
  const taker = takers[mode]
  // No async function: most locks come this way and no other, and its frame would cost as much as all the rest of it.
  return taker.try(keys, line).then(
    (grant) => {
      if (signal.aborted) return giveUp(taker, keys, { grant, leave, signal })
      if (grant === null) leave()
      return grant === null ? null : { session, descriptions, taker, wish, grant, lane: null, leave }
    },
    (error: unknown) => {
      leave()
      throw signal.aborted ? signal.reason : error
    },
  )
}

interface Late {
  readonly grant: Token | null
  readonly leave: Leave
  readonly signal: AbortSignal
}

async function giveUp(taker: Taker, keys: Keys, { grant, leave, signal }: Late): Promise<never> {
  if (grant !== null) await taker.release(keys, grant.token)
  leave()
  throw signal.reason
}
