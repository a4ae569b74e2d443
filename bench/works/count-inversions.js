/**
 * Grants out of turn: a grant is one if somebody who was in the line before its waiter called had not been granted yet.
 *
 * - within: in one process calls are in an order, so whoever called before was before.
 * - across: between processes only who called `inLineMs` before counts as having been in the line, as a call has to get
 *   there first; it counts the grants to whom somebody of any process came before.
 *
 * @param {[calledAt: number, grantedAt: number | null][][]} processes the times of each, in the order of its calls; null: not granted
 * @param {number} inLineMs
 */
export function countInversions(processes, inLineMs) {
  return {
    within: processes.reduce((sum, times) => sum + count(times, 0), 0),
    across: count(processes.flat(), inLineMs),
  }
}

/** @param {[calledAt: number, grantedAt: number | null][]} times @param {number} inLineMs */
function count(times, inLineMs) {
  const byGrant = times.toSorted((a, b) => (a[1] ?? Infinity) - (b[1] ?? Infinity))
  let firstCalledOfRest = Infinity
  let inversions = 0
  for (const [calledAt, grantedAt] of byGrant.toReversed()) {
    if (grantedAt !== null && firstCalledOfRest + inLineMs < calledAt) inversions++
    firstCalledOfRest = Math.min(firstCalledOfRest, calledAt)
  }
  return inversions
}
