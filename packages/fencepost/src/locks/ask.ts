import type { Keys } from '../ground/key.ts'
import { asError, sqlState } from '../postgres/driver-error.ts'
import type { Session } from '../postgres/session.ts'

/** Cancelled from outside (57014) or out of patience for the epoch (55P03): nothing is wrong, it is only not yet ours. */
const NOT_YET = new Set(['57014', '55P03'])

/**
 * Waits for a lock for one slice; null means not yet. Whatever goes wrong, nothing is held afterwards: after any error the
 * key is unlocked, as the session form may have been granted just before.
 */
export async function ask(session: Session, { key, gate }: Keys): Promise<number | null> {
  try {
    const text = 'select fencepost.acquire($1, $2) as token'
    const [row] = await session.query<{ token: string | null }>(text, [key, gate], 'acquire')
    return row?.token == null ? null : Number(row.token)
  } catch (error) {
    await letGo(session, 'select pg_advisory_unlock($1)', [key])
    if (NOT_YET.has(sqlState(error) ?? '')) return null
    throw error
  }
}

/** Never rejects: a session that cannot be told to let go is ended, and the server lets go of all it held. */
export async function letGo(session: Session, text: string, values: unknown[], name?: string): Promise<void> {
  try {
    await session.query(text, values, name)
  } catch (error) {
    session.destroy(asError(error))
  }
}
