import type { Holder } from '../ground/holder.ts'
import type { Session } from '../postgres/session.ts'

interface Row extends Omit<Holder, 'token' | 'acquiredAt'> {
  readonly token: string | null
  readonly acquired_ms: number | null
}

const WHO = `
  select mode, token, application, host, process, backend, extract(epoch from acquired_at)::float8 * 1000 as acquired_ms
  from fencepost.who($1, $2)
  order by acquired_at`

/** Who holds a name, first the one that has held it longest. Rejects with what a caller can act on. */
export async function readHolders(session: Session, name: string, namespace: string): Promise<Holder[]> {
  const rows = await session.query<Row>(WHO, [name, namespace], 'who').catch((error: unknown) => {
    throw session.describe(error)
  })
  return rows.map(({ acquired_ms, token, ...row }) => ({
    ...row,
    token: token === null ? null : Number(token),
    acquiredAt: acquired_ms === null ? null : new Date(acquired_ms),
  }))
}
