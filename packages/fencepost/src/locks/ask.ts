import type { Keys } from '../ground/key.ts'
import { asError, sqlState } from '../postgres/driver-error.ts'
import type { Session } from '../postgres/session.ts'
import type { Token } from './ticks.ts'

/** Cancelled from outside (57014) or out of patience for the epoch (55P03): nothing is wrong, it is only not yet ours. */
const NOT_YET = new Set(['57014', '55P03'])

export function isNotYet(session: Session, error: unknown): boolean {
  return !session.over.aborted && NOT_YET.has(sqlState(error) ?? '')
}

/**
 * Waits on a lane for one slice; null means not yet. Whatever goes wrong, nothing is held afterwards: after an error what
 * may have been granted just before is let go of, and if that cannot be said, the lane is ended, which holds nothing else.
 */
export async function ask(session: Session, { key, gate }: Keys): Promise<Token | null> {
  try {
    const text = 'select fencepost.acquire($1, $2) as grant'
    const [row] = await session.query<{ grant: [number, number] | null }>(text, [key, gate], 'acquire')
    return row?.grant == null ? null : { token: row.grant[0], grantedUs: row.grant[1] }
  } catch (error) {
    try {
      await session.query('select fencepost.forget($1, $2)', [key, gate])
    } catch (failed) {
      session.destroy(new Error('the lane could not be cleared', { cause: asError(failed) }))
    }
    if (isNotYet(session, error)) return null
    throw error
  }
}
