/** @typedef {import('../suites.js').Figure} Figure */

/**
 * @param {number[]} values at least one
 * @param {number} share 0.5 for the median
 */
export function percentile(values, share) {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (sorted.length - 1) * share
  const [below = Number.NaN, above = below] = sorted.slice(Math.floor(at), Math.floor(at) + 2)
  return below + (above - below) * (at - Math.floor(at))
}

/**
 * @param {Pick<Figure, 'work' | 'subject' | 'unit'>} of
 * @param {number[]} values one for each round
 * @returns {Figure}
 */
export function figureOf({ work, subject, unit }, values) {
  const [median, min, max] = [percentile(values, 0.5), Math.min(...values), Math.max(...values)].map(rounded)
  return { work, subject, median: median ?? 0, min: min ?? 0, max: max ?? 0, unit }
}

/** Six digits: more than any of them means. @param {number} value */
function rounded(value) {
  return Number(value.toPrecision(6))
}
