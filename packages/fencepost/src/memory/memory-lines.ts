import { DeadlockError } from '../ground/errors.ts'
import type { Mode } from '../ground/mode.ts'
import { findRing, type NestedWait } from '../line/find-ring.ts'
import type { Wanted } from '../providers/lock-provider.ts'

/** Who holds and waits, as others are told. */
export interface Party {
  readonly application: string
  readonly host: string
  readonly process: number
}

/** One acquisition. */
export interface Hold {
  readonly wanted: Wanted
  readonly party: Party
  readonly token: number
  readonly acquiredAt: Date
  /** Aborts when it was ended past its handle. */
  readonly lost: AbortController
}

interface Waiter {
  readonly ticket: number
  readonly wanted: Wanted
  readonly party: Party
  readonly grant: (hold: Hold) => void
  readonly fail: (error: Error) => void
}

interface Line {
  /** The first has held it longest. */
  readonly holds: Set<Hold>
  /** The first is served first. */
  waiting: Waiter[]
  lastToken: number
}

/**
 * Names, who holds them and who waits for them: what the server is for PostgreSQL, for all instances that share it. Everything
 * happens within one call, so nothing is ever half done.
 */
export class MemoryLines {
  readonly #now: () => Date
  readonly #lines = new Map<string, Line>()
  /** Those somebody waits in, or has waited in just now. */
  readonly #waitedIn = new Set<Line>()
  #tickets = 0

  constructor(now: () => Date) {
    this.#now = now
  }

  /** Null: held, or somebody waits. */
  try(wanted: Wanted, party: Party): Hold | null {
    const line = this.#lineOf(wanted)
    return line.waiting.length === 0 && isFree(line, wanted.mode) ? this.#hold(line, wanted, party) : null
  }

  /** Stands in line; what is given back leaves it. */
  wait(waiter: Omit<Waiter, 'ticket'>): () => void {
    const line = this.#lineOf(waiter.wanted)
    const waiting = { ...waiter, ticket: ++this.#tickets }
    line.waiting.push(waiting)
    this.#waitedIn.add(line)
    queueMicrotask(() => this.#breakRings())
    return () => {
      line.waiting = line.waiting.filter((one) => one !== waiting)
      this.#serve(line)
    }
  }

  /** Lets go; does nothing the second time. */
  release(hold: Hold): void {
    const line = this.#lineOf(hold.wanted)
    if (line.holds.delete(hold)) this.#serve(line)
  }

  isHeld({ name, namespace, token }: Pick<Wanted, 'name' | 'namespace'> & { token: number }): boolean {
    return this.holds({ name, namespace }).some((hold) => hold.token === token)
  }

  holds(of: Pick<Wanted, 'name' | 'namespace'>): Hold[] {
    return [...this.#lineOf(of).holds]
  }

  countWaiting(of: Pick<Wanted, 'name' | 'namespace'>): number {
    return this.#lineOf(of).waiting.length
  }

  #lineOf({ name, namespace }: Pick<Wanted, 'name' | 'namespace'>): Line {
    const id = `${namespace}:${name}`
    const line = this.#lines.get(id) ?? { holds: new Set(), waiting: [], lastToken: 0 }
    this.#lines.set(id, line)
    return line
  }

  #serve(line: Line): void {
    for (let first = line.waiting[0]; first !== undefined && isFree(line, first.wanted.mode); first = line.waiting[0]) {
      line.waiting.shift()
      first.grant(this.#hold(line, first.wanted, first.party))
    }
    // What was granted may be waited for inside of a callback that waits for this one.
    queueMicrotask(() => this.#breakRings())
  }

  /** Exclusive tokens are even, shared ones odd, and readers who hold it together have one between them: as in PostgreSQL. */
  #hold(line: Line, wanted: Wanted, party: Party): Hold {
    const isJoined = wanted.mode === 'shared' && line.holds.size > 0
    const parity = wanted.mode === 'shared' ? 1 : 0
    if (!isJoined) line.lastToken += line.lastToken % 2 === parity ? 2 : 1
    const hold = { wanted, party, token: line.lastToken, acquiredAt: this.#now(), lost: new AbortController() }
    line.holds.add(hold)
    return hold
  }

  /** Of those who wait for each other the one that came last gives up. */
  #breakRings(): void {
    for (const line of this.#waitedIn) if (line.waiting.length === 0) this.#waitedIn.delete(line)
    const all = [...this.#waitedIn].flatMap((line) => line.waiting.map((waiter) => ({ waiter, line })))
    const waits = all.map(({ waiter, line }) => nestedWait(waiter, line))
    for (const { waiter } of all) {
      const ring = waiter.wanted.scopes.length === 0 ? null : findRing(waits, waiter.ticket)
      if (ring?.every(({ ticket }) => ticket <= waiter.ticket)) waiter.fail(new DeadlockError(waiter.wanted.name, ring))
    }
  }
}

function isFree({ holds }: Line, mode: Mode): boolean {
  return holds.size === 0 || (mode === 'shared' && [...holds].every(({ wanted }) => wanted.mode === 'shared'))
}

function nestedWait({ ticket, wanted, party }: Waiter, { holds }: Line): NestedWait {
  const { name, namespace, scopes } = wanted
  const heldBy = [...holds].flatMap((hold) => hold.wanted.scope ?? [])
  return { ticket, key: `${namespace}:${name}`, name, scopes, held_by: heldBy, ...party }
}
