/**
 * What a check found. Problems fail it, notes do not.
 *
 * @typedef {{ problems: string[], notes: string[] }} Findings
 */

/**
 * Prints what a check found and returns the exit code.
 *
 * @param {Findings} findings
 * @returns {number}
 */
export function report({ problems, notes }) {
  for (const note of notes) console.log(`note: ${note}`)
  for (const problem of problems) console.log(problem)
  return problems.length > 0 ? 1 : 0
}
