/** One that waits inside of callbacks. */
export interface NestedWait {
  readonly ticket: number
  readonly key: string
  readonly name: string
  /** The callbacks it waits in: while it waits, none of their locks is let go of. */
  readonly scopes: readonly number[]
  /** The callbacks that hold what it waits for. */
  readonly held_by: readonly number[]
  readonly application: string
  readonly host: string
  readonly process: number
}

/**
 * The ring that a ticket closes, beginning with it: each waits for the next, and the last for the first. Null if there is none.
 * A waiter waits for whatever is waited for inside the callbacks that hold its name, and for those before it in its line.
 */
export function findRing(waits: readonly NestedWait[], ticket: number): NestedWait[] | null {
  const start = waits.find((wait) => wait.ticket === ticket)
  if (start === undefined) return null
  const reachedFrom = new Map<NestedWait, NestedWait | null>([[start, null]])
  // Grows while it is walked.
  for (const [one] of reachedFrom) {
    if (isWaitingFor(one, start)) return pathTo(one, reachedFrom)
    for (const next of waits) {
      if (!reachedFrom.has(next) && isWaitingFor(one, next)) reachedFrom.set(next, one)
    }
  }
  return null
}

function isWaitingFor(one: NestedWait, other: NestedWait): boolean {
  const isBehind = one.key === other.key && one.ticket > other.ticket
  return isBehind || one.held_by.some((scope) => other.scopes.includes(scope))
}

function pathTo(last: NestedWait, reachedFrom: ReadonlyMap<NestedWait, NestedWait | null>): NestedWait[] {
  const path: NestedWait[] = []
  for (let one: NestedWait | null = last; one !== null; one = reachedFrom.get(one) ?? null) path.unshift(one)
  return path
}
