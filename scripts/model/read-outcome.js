/**
 * What a search has found: `violation` is null if there is none, `isWhole` tells whether all states were seen.
 *
 * @typedef {{ violation: string | null, isWhole: boolean, states: number, seconds: number }} Outcome
 */

// Of these pan says that it did not see everything, and goes on.
const CUT_OFF = /max search depth too small|out of memory|reached -DMEMLIM|ended early|search was not completed/i

/**
 * Reads what the verifier that spin makes says at its end.
 *
 * @param {string} text
 * @returns {Outcome}
 */
export function readOutcome(text) {
  const [, violation] = /^pan:1: (.*) \(at depth \d+\)/m.exec(text) ?? []
  const [, errors] = /errors: (\d+)/.exec(text) ?? []
  return {
    violation: violation ?? (errors === undefined || errors === '0' ? null : `${errors} errors`),
    isWhole: errors !== undefined && !CUT_OFF.test(text),
    states: Number(/([\d.e+]+) states, stored/.exec(text)?.[1] ?? 0),
    seconds: Number(/elapsed time ([\d.e+-]+) seconds/.exec(text)?.[1] ?? 0),
  }
}
