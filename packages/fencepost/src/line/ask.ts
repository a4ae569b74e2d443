import type { Keys } from '../ground/key.ts'
import type { Mode } from '../ground/mode.ts'
import { asError } from '../ground/as-error.ts'
import { acquireForeign, forgetForeign, hasForeign } from '../foreign/foreign-calls.ts'
import { sqlState } from '../wire/sql-state.ts'
import type { Session } from '../postgres/session.ts'
import { readGrants, type Token } from '../sessions/ticks.ts'

/** Cancelled from outside (57014) or out of patience for the epoch (55P03): nothing is wrong, it is only not yet ours. */
const NOT_YET = new Set(['57014', '55P03'])

const TEXT = {
  exclusive: 'select fencepost.acquire($1, $2) as grant',
  shared: 'select fencepost.acquire_shared($1, $2) as grant',
}

export function isNotYet(session: Session, error: unknown): boolean {
  return !session.over.aborted && NOT_YET.has(sqlState(error) ?? '')
}

/**
 * Waits on a lane for one slice. Null: not yet; told apart if it was a guarded transaction that stood in the way. Whatever goes wrong, nothing
 * is held afterwards: after an error what may have been granted just before is let go of, and if that cannot be said, the lane is ended,
 * which holds nothing else.
 */
export async function ask(session: Session, keys: Keys, mode: Mode): Promise<Token | 'at the gate' | null> {
  try {
    const answer = await acquire(session, keys, mode)
    if (answer === null) return null
    const [grant] = readGrants(answer)
    return grant ?? 'at the gate'
  } catch (error) {
    try {
      await forget(session, keys, mode)
    } catch (failed) {
      session.destroy(new Error('the lane could not be cleared', { cause: asError(failed) }))
    }
    if (isNotYet(session, error)) return null
    throw error
  }
}

async function acquire(session: Session, keys: Keys, mode: Mode): Promise<string | null> {
  if (hasForeign(keys)) return await acquireForeign(session, keys, mode)
  const values = [keys.key, keys.gate]
  const [row] = await session.query<{ grant: string | null }>(TEXT[mode], values, `acquire ${mode}`)
  return row?.grant ?? null
}

async function forget(session: Session, keys: Keys, mode: Mode): Promise<void> {
  if (hasForeign(keys)) return await forgetForeign(session, keys, mode)
  await session.query('select fencepost.forget($1, $2)', [keys.key, keys.gate])
}
