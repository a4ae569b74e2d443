import { type Fault, type GrantedCall, grantsByName, type History } from '../history.ts'

/** From when to when a call held its name without any doubt. */
export interface Holding {
  readonly call: GrantedCall
  readonly from: number
  readonly until: number
}

/** What was held without any doubt, by name; a grant that may have been lost before it was seen is left out. */
export function certainHoldings(history: History): Map<string, Holding[]> {
  const holdings = new Map<string, Holding[]>()
  for (const [name, calls] of grantsByName(history)) {
    const certain = calls.map((call) => ({ call, from: call.grantedAt, until: certainUntil(call, history) }))
    holdings.set(
      name,
      certain.filter(({ from, until }) => until > from).toSorted((one, other) => one.from - other.from),
    )
  }
  return holdings
}

/**
 * A holder holds until it calls release, dies, or the history ends. With a fault between its call and then, or once its
 * signal told of a loss, it is sure only up to the fault; but what it then still committed proves that it had held on.
 */
function certainUntil(call: GrantedCall, history: History): number {
  const limit = Math.min(call.releaseAt ?? history.endedAt, history.deaths.get(call.life) ?? history.endedAt)
  const faults = history.faults.filter((fault) => isDoubt(fault, call, limit, history.freezeMs))
  if (faults.length === 0 && call.lostAt === null) return limit
  const proof = Math.max(
    ...call.writes.map(({ commitAt, committedAt }) => (committedAt === null ? -1 : (commitAt ?? -1))),
  )
  const doubts = faults.filter(({ until }) => until > proof).map(({ from }) => Math.max(from, proof))
  // A loss that nothing explains may have come right after the last that is known.
  if (doubts.length === 0) return call.lostAt === null ? limit : Math.max(proof, call.grantedAt)
  return Math.min(limit, ...doubts)
}

/** A process that was stopped for much less than the freeze limit keeps what it holds, unless it was told otherwise. */
function isDoubt(fault: Fault, call: GrantedCall, limit: number, freezeMs: number): boolean {
  if (fault.life !== null && fault.life !== call.life) return false
  if (fault.until < call.calledAt || fault.from > limit) return false
  return fault.kind !== 'freeze' || call.lostAt !== null || fault.until - fault.from >= freezeMs / 2
}
