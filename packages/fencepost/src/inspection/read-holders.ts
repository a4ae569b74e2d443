import { foreignOf, type Lockable, nameOf } from '../ground/foreign-key.ts'
import type { Holder } from '../ground/holder.ts'
import type { Session } from '../postgres/session.ts'

/** Who holds a name, first the one that has held it longest, and how many wait for it. */
export interface HoldersAndWaiting {
  readonly holders: Holder[]
  readonly waiting: number
}

interface Row extends Omit<Holder, 'mode' | 'token' | 'acquiredAt'> {
  /** Null in a row without a holder. */
  readonly mode: Holder['mode'] | null
  readonly token: string | null
  readonly acquired_ms: number | null
  readonly waiting: number
}

const COLUMNS = `mode, token, application, host, process, backend, extract(epoch from acquired_at)::float8 * 1000 as acquired_ms, waiting`
const INSPECT = `select ${COLUMNS} from fencepost.inspect($1, $2, $3) order by acquired_at`
const INSPECT_FOREIGN = `select ${COLUMNS} from fencepost.inspect_foreign($1, $2, $3, $4, $5) order by acquired_at`

/** Of which name to tell; whoever has the ticket asks, and is not counted. */
interface Asked {
  readonly lock: Lockable
  readonly namespace: string
  readonly ticket: number | null
}

/** Rejects with what a caller can act on. */
export async function readHolders(session: Session, { lock, namespace, ticket }: Asked): Promise<HoldersAndWaiting> {
  const foreign = foreignOf(lock)
  const values = [nameOf(lock), namespace, ticket]
  const asking =
    foreign === null
      ? session.query<Row>(INSPECT, values, 'inspect')
      : session.query<Row>(INSPECT_FOREIGN, [...values, foreign.int8, foreign.int4], 'inspect foreign')
  const rows = await asking.catch((error: unknown) => {
    throw session.describe(error)
  })
  return { holders: rows.flatMap(holderOf), waiting: rows[0]?.waiting ?? 0 }
}

function holderOf({ mode, token, application, host, process, backend, acquired_ms }: Row): Holder[] {
  if (mode === null) return []
  const acquiredAt = acquired_ms === null ? null : new Date(acquired_ms)
  return [{ mode, token: token === null ? null : Number(token), application, host, process, backend, acquiredAt }]
}
