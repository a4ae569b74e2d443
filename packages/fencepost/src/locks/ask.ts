import type { Keys } from '../ground/key.ts'
import { asError, sqlState } from '../postgres/driver-error.ts'
import type { Session } from '../postgres/session.ts'

const STATEMENTS = {
  try_acquire: 'select fencepost.try_acquire($1, $2) as token',
  acquire: 'select fencepost.acquire($1, $2) as token',
} as const

/** While waiting: cancelled from outside (57014) or out of patience for the epoch (55P03). It is only not yet ours. */
const NOT_YET = new Set(['57014', '55P03'])

/**
 * Asks for a lock once; null means not now. Whatever goes wrong, nothing is held afterwards: after any error the key
 * is unlocked, as the session form may have been granted just before, and a grant that comes after the abort is too.
 */
export async function ask(
  session: Session,
  how: keyof typeof STATEMENTS,
  { keys, signal }: { keys: Keys; signal: AbortSignal },
): Promise<number | null> {
  let token: number | null
  try {
    const [row] = await session.query<{ token: string | null }>(STATEMENTS[how], [keys.key, keys.gate], how)
    token = row?.token == null ? null : Number(row.token)
  } catch (error) {
    await letGo(session, 'select pg_advisory_unlock($1)', [keys.key])
    if (how === 'acquire' && NOT_YET.has(sqlState(error) ?? '')) return null
    throw error
  }
  if (token !== null && signal.aborted) {
    await unlock(session, keys, token)
    throw signal.reason
  }
  return token
}

/** The token first: who still has it is refused from then on. Never rejects. */
export async function unlock(session: Session, { key, gate }: Keys, token: number): Promise<void> {
  await letGo(session, 'select pg_advisory_unlock($1), pg_advisory_unlock($2)', [gate ^ BigInt(token), key], 'unlock')
}

/** Never rejects: a session that cannot be told to let go is ended, and the server lets go of all it held. */
export async function letGo(session: Session, text: string, values: unknown[], name?: string): Promise<void> {
  try {
    await session.query(text, values, name)
  } catch (error) {
    session.destroy(asError(error))
  }
}
