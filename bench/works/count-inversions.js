/**
 * When one called, when it stood in the line and when it was granted, on one clock; null: it never did.
 *
 * @typedef {{ calledAt: number, standingAt: number | null, grantedAt: number | null }} Waiter
 */

/**
 * Grants out of turn: a grant is one if somebody who stood in the line before its waiter called had not been granted yet.
 *
 * - within: in one process calls are in an order, so whoever called before was before.
 * - across: between processes, who was in the line when the other called; it counts the grants to whom somebody of any process
 *   came before.
 *
 * @param {Waiter[][]} processes the waiters of each, in the order of their calls
 */
export function countInversions(processes) {
  return {
    within: processes.reduce((sum, waiters) => sum + count(waiters.map(asCalled)), 0),
    across: count(processes.flat()),
  }
}

/** Within a process the call is what counts. @param {Waiter} waiter */
function asCalled({ calledAt, grantedAt }) {
  return { calledAt, standingAt: calledAt, grantedAt }
}

/** @param {Waiter[]} waiters */
function count(waiters) {
  const byGrant = waiters.toSorted((a, b) => (a.grantedAt ?? Infinity) - (b.grantedAt ?? Infinity))
  let firstOfRest = Infinity
  let inversions = 0
  for (const { calledAt, standingAt, grantedAt } of byGrant.toReversed()) {
    if (grantedAt !== null && firstOfRest < calledAt) inversions++
    firstOfRest = Math.min(firstOfRest, standingAt ?? Infinity)
  }
  return inversions
}
