import { show } from './show.js'

/**
 * @typedef {import('../suites.js').Figure} Figure
 * @typedef {import('../suites.js').Target} Target
 *
 * What fencepost comes to beside a figure, what is wanted, and whether that is met.
 * @typedef {{ is: string, wanted: string, met: string }} Verdict
 */

/**
 * What stands beside one figure: of a figure of fencepost the targets that are about it alone, of any other what
 * fencepost comes to divided by it.
 *
 * @param {Figure} figure
 * @param {Figure[]} figures
 * @param {Target[]} targets
 * @returns {Verdict[]}
 */
export function judge(figure, figures, targets) {
  const verdicts = targets.flatMap((target) => {
    if (!isMeasuredBy(target, figure, figures)) return []
    const ours = figures.find(({ work, subject }) => work === target.work && subject === 'fencepost')
    if (ours === undefined) return []
    const value = target.per === undefined ? ours.median : ours.median / figure.median
    return [verdict(value, target, target.per === undefined ? ` ${figure.unit}` : ' x')]
  })
  if (verdicts.length > 0 || figure.subject === 'fencepost') return verdicts
  const ours = figures.find(({ work, subject }) => work === figure.work && subject === 'fencepost')
  return ours === undefined ? [] : [{ is: `${show(ours.median / figure.median)} x`, wanted: '', met: '' }]
}

/**
 * Of several subjects the best is what fencepost is measured by: where more is wanted the one that has most.
 *
 * @param {Target} target
 * @param {Figure} figure
 * @param {Figure[]} figures
 */
function isMeasuredBy({ work, per, atLeast }, figure, figures) {
  const subjects = [per?.subject ?? 'fencepost'].flat()
  const among = figures.filter((one) => one.work === (per?.work ?? work) && subjects.includes(one.subject))
  const medians = among.map(({ median }) => median)
  const best = atLeast === undefined ? Math.min(...medians) : Math.max(...medians)
  return among.includes(figure) && figure.median === best
}

/** @param {number} value @param {Target} target @param {string} unit */
function verdict(value, { atLeast, atMost }, unit) {
  const isMet = value >= (atLeast ?? -Infinity) && value <= (atMost ?? Infinity)
  const wanted = atLeast === undefined ? `<= ${show(atMost ?? 0)}` : `>= ${show(atLeast)}`
  return { is: `${show(value)}${unit}`, wanted: `${wanted}${unit}`, met: isMet ? 'yes' : 'no' }
}
