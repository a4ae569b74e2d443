import type { Doing, Sight } from '../survey/seen-lock.ts'
import { findRings } from './find-rings.ts'
import { backendId, type Edges, ticketId, waitEdges } from './wait-edges.ts'
import type { LiveSession, Waits } from './waits.ts'

/** Somebody who waits, or is waited for. */
export interface WaitNode {
  /** `backend:<process id>`, `ticket:<number>` for one who stands in a line of ours, or `prepared` for all prepared transactions. */
  readonly id: string
  /** Of the server; of a ticket the one it belongs to, which does not wait itself. */
  readonly backend: number | null
  readonly application: string | null
  readonly host: string | null
  /** Process id on `host`; null for other programs. */
  readonly process: number | null
  /** What others wait for it to let go of. */
  readonly holds: readonly string[]
  /** Null for whoever waits for nobody. */
  readonly waitsFor: string | null
  /** The mode of the lock it waits for: of ours `exclusive` or `shared`, of the server as in pg_locks. */
  readonly mode: string | null
  /** In the line of a name, from 1; null in the queues of the server. */
  readonly position: number | null
  /** By the server's clock; null before PostgreSQL 14. */
  readonly waitedMs: number | null
  /** Whom it waits for, by their ids. */
  readonly blockedBy: readonly string[]
  /** How many wait for it, or for somebody who does. */
  readonly blocks: number
  /** What its process waits for in lines of ours besides, as somebody who holds a lock by a handle may. */
  readonly alsoWaitsFor: readonly string[]
  readonly doing: Doing | null
}

/** Who waits for whom at one moment. */
export interface WaitGraph extends Sight {
  readonly nodes: readonly WaitNode[]
  /** Those whom others wait for and who wait for nobody, by their ids; the one most wait for first. */
  readonly roots: readonly string[]
  /** Those who wait for each other for ever: each for the next, the last for the first. */
  readonly rings: readonly (readonly string[])[]
}

export function waitGraph(waits: Waits): WaitGraph {
  const edges = waitEdges(waits)
  const waiters = reversed(edges)
  const describe = describer(waits)
  const ids = new Set([...edges.keys(), ...waiters.keys()])
  const nodes = [...ids].map((id): WaitNode => {
    const [blockers, own] = [edges.get(id), waiters.get(id)]
    const who = describe(id)
    return {
      id,
      ...who,
      // Whoever stands before others in a queue of the server blocks them too, and holds nothing yet.
      holds: [...new Set(own?.values())].filter((what) => what !== who.waitsFor),
      blockedBy: [...(blockers?.keys() ?? [])],
      blocks: countAll(id, waiters),
    }
  })
  const { database, role, isNamed, notes } = waits
  const roots = nodes
    .filter(({ blockedBy, blocks }) => blockedBy.length === 0 && blocks > 0)
    .toSorted((one, other) => other.blocks - one.blocks)
  return { database, role, isNamed, notes, nodes, roots: roots.map(({ id }) => id), rings: findRings(edges) }
}

type Described = Omit<WaitNode, 'id' | 'holds' | 'blockedBy' | 'blocks'>

const NOBODY: Described = {
  backend: null,
  application: null,
  host: null,
  process: null,
  waitsFor: null,
  mode: null,
  position: null,
  waitedMs: null,
  alsoWaitsFor: [],
  doing: null,
}

function describer({ server, line, sessions, backends, prepared }: Waits): (id: string) => Described {
  const described = new Map<string, Described>()
  const elsewhere = new Map<string, Set<string>>()
  for (const { name, ...one } of line) {
    const place = placeOf(one)
    elsewhere.set(place, (elsewhere.get(place) ?? new Set()).add(`lock "${name}"`))
  }
  for (const [pid, { backend, application, host, ...doing }] of backends) {
    const session = sessions.get(pid)
    const own = session && elsewhere.get(placeOf(session))
    const who = { application, host, process: null, ...session, backend }
    described.set(backendId(pid), { ...NOBODY, ...who, alsoWaitsFor: [...(own ?? [])], doing })
  }
  for (const { backend, what, mode, waitedMs } of server) {
    const id = backendId(backend)
    described.set(id, { ...(described.get(id) ?? NOBODY), backend, waitsFor: what, mode, waitedMs, alsoWaitsFor: [] })
  }
  for (const { ticket, name, backend, application, host, process, mode, position, waitedMs } of line) {
    const who = { backend, application, host, process }
    described.set(ticketId(ticket), { ...NOBODY, ...who, waitsFor: `lock "${name}"`, mode, position, waitedMs })
  }
  described.set(backendId(0), { ...NOBODY, application: `prepared transaction ${prepared.join(', ')}`.trim() })
  return (id) => described.get(id) ?? { ...NOBODY, backend: Number(id.split(':')[1]) }
}

function placeOf({ application, host, process }: Pick<LiveSession, 'application' | 'host' | 'process'>): string {
  return `${host} ${process} ${application}`
}

/** Who waits for each, and for what. */
function reversed(edges: Edges): Map<string, Map<string, string>> {
  const waiters = new Map<string, Map<string, string>>()
  for (const [waiter, own] of edges) {
    for (const [blocker, what] of own) {
      waiters.set(blocker, (waiters.get(blocker) ?? new Map<string, string>()).set(waiter, what))
    }
  }
  return waiters
}

function countAll(id: string, waiters: ReadonlyMap<string, ReadonlyMap<string, string>>): number {
  const seen = new Set([id])
  // Grows while it is walked.
  for (const one of seen) for (const waiter of waiters.get(one)?.keys() ?? []) seen.add(waiter)
  return seen.size - 1
}
