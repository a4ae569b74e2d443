import type { Holder } from '../ground/holder.ts'
import type { HoldersAndWaiting } from '../inspection/read-holders.ts'
import type { Session } from '../postgres/session.ts'

/** Who has a permit. */
export interface PermitHolder extends Holder {
  readonly permit: number
}

interface Row extends Omit<PermitHolder, 'mode' | 'token' | 'acquiredAt' | 'permit'> {
  /** Null in a row without a holder. */
  readonly number: number | null
  readonly token: string
  readonly acquired_ms: number | null
  readonly waiting: number
}

const PERMITS = `
  select number, token, application, host, process, backend, extract(epoch from acquired_at)::float8 * 1000 as acquired_ms, waiting
  from fencepost.permits($1, $2, $3)`

/** Who has the permits of a semaphore, first the one that has had its own longest. Whoever has the ticket asks, and is not counted. */
export async function readPermits(
  session: Session,
  { name, namespace, ticket }: { name: string; namespace: string; ticket: number | null },
): Promise<HoldersAndWaiting & { holders: PermitHolder[] }> {
  const rows = await session.query<Row>(PERMITS, [name, namespace, ticket], 'permits')
  return { holders: rows.flatMap(holderOf), waiting: rows[0]?.waiting ?? 0 }
}

function holderOf({ number, token, application, host, process, backend, acquired_ms }: Row): PermitHolder[] {
  if (number === null) return []
  const acquiredAt = acquired_ms === null ? null : new Date(acquired_ms)
  return [{ permit: number, mode: 'exclusive', token: Number(token), application, host, process, backend, acquiredAt }]
}
