import { asError, sqlState } from '../postgres/driver-error.ts'
import type { Session } from '../postgres/session.ts'
import type { Sessions } from './sessions.ts'

/** A lock as the server knows it. */
export interface Wanted {
  readonly name: string
  readonly namespace: string
  readonly key: bigint
}

const STATEMENTS = {
  try_acquire: 'select fencepost.try_acquire($1, $2, $3) as token',
  acquire: 'select fencepost.acquire($1, $2, $3) as token',
} as const

/** Cancelled from outside (57014) or out of patience for the epoch (55P03): nothing is wrong, it is only not yet ours. */
const NOT_YET = new Set(['57014', '55P03'])

/**
 * Asks for a lock once; null means not now. Whatever goes wrong, nothing is held afterwards: after any error the key
 * is unlocked, as the session form may have been granted just before, and a grant that comes after the abort is too.
 */
export async function ask(
  session: Session,
  how: keyof typeof STATEMENTS,
  { wanted, signal }: { wanted: Wanted; signal: AbortSignal },
): Promise<number | null> {
  const { name, namespace, key } = wanted
  let token: number | null
  try {
    const [row] = await session.query<{ token: string | null }>(STATEMENTS[how], [name, namespace, session.key], how)
    token = row?.token == null ? null : Number(row.token)
  } catch (error) {
    await unlock(session, key)
    if (NOT_YET.has(sqlState(error) ?? '')) return null
    throw error
  }
  if (token !== null && signal.aborted) {
    await unlock(session, key)
    throw signal.reason
  }
  return token
}

/** Never rejects: a session that cannot be told to let go is ended, and the server lets go of all it held. */
export async function unlock(session: Session, key: bigint): Promise<void> {
  try {
    await session.query('select pg_advisory_unlock($1)', [key], 'unlock')
  } catch (error) {
    session.destroy(asError(error))
  }
}

/** Ends the statement that runs on a lane. The answer comes back there; without one its slice ends by itself. */
export async function cancel(session: Session, sessions: Sessions): Promise<void> {
  try {
    const other = await sessions.main()
    await other.query('select pg_cancel_backend($1)', [session.backend])
  } catch {
    // Then the slice ends by itself.
  }
}
