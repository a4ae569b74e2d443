import { figureOf } from '../report/figures.js'
import { show } from '../report/show.js'

/**
 * @typedef {import('../site.js').Site} Site
 * @typedef {import('../suites.js').Subject} Subject
 * @typedef {import('../processes/contender.js').Contender} Contender
 */

const WARM_UPS = { full: 3, quick: 3, brief: 2 }

/**
 * Measures the subjects in rounds by turns, A B C A B C, so that whatever else the machine does hits all of them; the
 * first rounds are for warming up and not counted: a compiler that watches takes a second or two to be done.
 *
 * @param {Site} site
 * @param {Subject[]} subjects
 * @param {{ work: string, unit: string, rounds: number, warmUps?: number, processes: number, part?: import('../processes/contender.js').Part, round: (processes: Contender[]) => Promise<number> }} how
 */
export async function interleave(
  site,
  subjects,
  { work, unit, rounds, warmUps = site.pick(WARM_UPS), processes, part, round },
) {
  const sides = []
  for (const subject of subjects)
    sides.push({ subject, processes: await site.start(subject, processes, part), values: [0] })
  try {
    for (let i = 0; i < warmUps; i++) for (const side of sides) await round(side.processes)
    for (const side of sides) side.values = []
    for (let i = 1; i <= rounds; i++) {
      for (const side of sides) side.values.push(await round(side.processes))
      const line = sides.map(({ subject, values }) => `${subject} ${show(values.at(-1) ?? 0)}`)
      site.say(`${work}, round ${i} of ${rounds}: ${line.join(', ')} ${unit}`)
    }
  } finally {
    await Promise.all(sides.flatMap((side) => side.processes).map((process) => process.end()))
  }
  return sides.map(({ subject, values }) => figureOf({ work, subject, unit }, values))
}
