import type { LineWait, Waits } from './waits.ts'

/** What one waits for: whom, and for what of theirs. */
export type Edges = ReadonlyMap<string, ReadonlyMap<string, string>>

/** Whose name this is: the id of a node. */
export const backendId = (backend: number) => (backend === 0 ? 'prepared' : `backend:${backend}`)
export const ticketId = (ticket: number) => `ticket:${ticket}`

/**
 * Who waits for whom. The first of a line watches the lock on a connection besides, a lane: there it is its ticket that waits. What is
 * held by a callback that waits itself is waited for by way of that.
 */
export function waitEdges(waits: Waits): Edges {
  const lanes = lanesOf(waits)
  const nested = byScope(waits.line)
  const held = scopesOf(waits.line)
  const edges = new Map<string, Map<string, string>>()

  const callbacks = (key: bigint | null, backend: number): string[] => {
    const scopes = (key === null ? undefined : held.get(`${key} ${backend}`)) ?? [null]
    const inside = scopes.flatMap((scope) => (scope === null ? [] : (nested.get(scope) ?? [])))
    return inside.length === 0 ? [backendId(backend)] : inside
  }
  const add = (waiter: string, blockers: readonly string[], what: string) => {
    const own = edges.get(waiter) ?? new Map<string, string>()
    edges.set(waiter, own)
    for (const blocker of blockers) if (blocker !== waiter) own.set(blocker, what)
  }

  for (const { backend, blockers, what, key } of waits.server) {
    if (lanes.has(backend)) continue
    add(
      backendId(backend),
      blockers.flatMap((blocker) => lanes.get(blocker) ?? callbacks(key, blocker)),
      what,
    )
  }
  const before = new Map<bigint, string>()
  for (const { ticket, key, name, holders } of waits.line.toSorted((one, other) => one.ticket - other.ticket)) {
    const id = ticketId(ticket)
    const others = holders.filter(({ backend }) => backend === null || !lanes.has(backend))
    const blockers = others.flatMap(({ backend }) => callbacks(key, backend ?? 0))
    // Between two grants nobody holds it.
    const front = blockers.length > 0 ? blockers : [before.get(key) ?? []].flat()
    add(id, front, `lock "${name}"`)
    before.set(key, id)
  }
  return edges
}

/** The lanes that watch a lock, and the ticket each watches it for. */
function lanesOf({ server, line, sessions }: Waits): Map<number, string> {
  const first = new Map<string, number>()
  for (const { key, host, process, ticket } of line) {
    const place = `${key} ${host} ${process}`
    first.set(place, Math.min(ticket, first.get(place) ?? Infinity))
  }
  const lanes = new Map<number, string>()
  for (const { backend, key } of server) {
    const session = sessions.get(backend)
    const ticket = session && first.get(`${key} ${session.host} ${session.process}`)
    if (ticket !== undefined) lanes.set(backend, ticketId(ticket))
  }
  return lanes
}

/** The tickets that are waited for inside each callback. */
function byScope(line: readonly LineWait[]): Map<number, string[]> {
  const nested = new Map<number, string[]>()
  for (const { ticket, scopes } of line) {
    for (const scope of scopes) nested.set(scope, [...(nested.get(scope) ?? []), ticketId(ticket)])
  }
  return nested
}

function scopesOf(line: readonly LineWait[]): Map<string, readonly (number | null)[]> {
  const held = new Map<string, readonly (number | null)[]>()
  for (const { key, holders } of line) {
    for (const { backend, scopes } of holders) held.set(`${key} ${backend ?? 0}`, scopes)
  }
  return held
}
