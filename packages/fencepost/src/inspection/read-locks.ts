import type { Holder } from '../ground/holder.ts'
import type { Session } from '../postgres/session.ts'
import type { LockSnapshot } from './lock-snapshot.ts'
import { inOrderOfGrants } from './order-of-grants.ts'

interface Row extends Omit<Holder, 'token' | 'acquiredAt'> {
  readonly state: 'held' | 'waiting'
  readonly namespace: string | null
  readonly name: string | null
  readonly token: string | null
  readonly position: number
  readonly key: string | null
  readonly first: number
  readonly second: number
  readonly means: string | null
  readonly since_ms: number | null
  readonly for_ms: number | null
}

const LIST = `
  select state, namespace, name, mode, token, application, host, process, backend, position, key, pair[1] as first, pair[2] as second,
    means, extract(epoch from since)::float8 * 1000 as since_ms, extract(epoch from coalesce(held_for, waited))::float8 * 1000 as for_ms
  from fencepost.list_locks()
  order by namespace, name, key, pair, position, since`

/** Every lock of the database. Rejects with what a caller can act on. */
export async function readLocks(session: Session): Promise<LockSnapshot> {
  const rows = await session.query<Row>(LIST, [], 'list_locks').catch((error: unknown) => {
    throw session.describe(error)
  })
  const held = inOrderOfGrants(
    rows.filter(({ state }) => state === 'held'),
    ({ for_ms }) => for_ms,
  )
  const pending = inOrderOfCalls(rows.filter(({ state }) => state === 'waiting'))
  return {
    held: held.map((row) => ({
      ...listed(row),
      token: row.token === null ? null : Number(row.token),
      heldForMs: row.for_ms,
    })),
    pending: pending.map((row) => ({ ...listed(row), position: row.position, waitedMs: row.for_ms })),
  }
}

/** As they have come, line by line: together, by their age, but nobody before whoever stands before him, as clocks may be turned back. */
function inOrderOfCalls(lines: readonly Row[]): Row[] {
  const since = new Map<string, number>()
  const dated = lines.map((row) => {
    const line = `${row.key} ${row.first} ${row.second}`
    const at = Math.max(row.since_ms ?? Number.MAX_VALUE, since.get(line) ?? 0)
    since.set(line, at)
    return { row, at }
  })
  return dated.toSorted((one, other) => one.at - other.at).map(({ row }) => row)
}

function listed(row: Row) {
  const { namespace, mode, means, application, host, process, backend } = row
  const clientId = clientIdOf(row)
  const key = row.key === null ? ([row.first, row.second] as const) : BigInt(row.key)
  const name = row.name ?? `-${row.key ?? `${row.first},${row.second}`}`
  const since = row.since_ms === null ? null : new Date(row.since_ms)
  return { name, mode, clientId, namespace, key, means, application, host, process, backend, since }
}

function clientIdOf({ host, process, backend }: Row): string {
  if (process !== null) return `${host}:${process}`
  return backend === null ? 'prepared' : `backend:${backend}`
}
