import { readFileSync } from 'node:fs'
import { machine } from './machine.js'
import { judge } from './targets.js'

/**
 * A figure, and beside it what fencepost comes to.
 *
 * @typedef {import('../suites.js').Figure & { fencepost: import('./targets.js').Verdict[] }} Judged
 *
 * What was measured of one suite.
 * @typedef {{ suite: string, servers: string[], notes: string[], figures: Judged[] }} Chapter
 *
 * Everything that was measured, on what, and how.
 * @typedef {object} Report
 * @property {string} date
 * @property {number} seconds
 * @property {string} machine
 * @property {string[]} versions of Node and of the packages
 * @property {Pick<import('../arguments.js').Wanted, 'kind' | 'rounds' | 'seconds'>} settings null: as each work has it
 * @property {Chapter[]} chapters
 */

/**
 * @param {string} suite
 * @param {import('../suites.js').Figure[]} figures
 * @param {import('../suites.js').Target[]} targets
 * @param {{ servers: string[], notes: string[] }} about
 * @returns {Chapter}
 */
export function chapterOf(suite, figures, targets, { servers, notes }) {
  const judged = figures.map((figure) => ({ ...figure, fencepost: judge(figure, figures, targets) }))
  return { suite, servers, notes, figures: judged }
}

/**
 * @param {Chapter[]} chapters
 * @param {{ startedAt: Date, wanted: Pick<import('../arguments.js').Wanted, 'kind' | 'rounds' | 'seconds'> }} how
 * @returns {Report}
 */
export function reportOf(chapters, { startedAt, wanted }) {
  return {
    date: startedAt.toISOString(),
    seconds: Math.round((Date.now() - startedAt.getTime()) / 1000),
    machine: machine(),
    versions: [`Node ${process.versions.node}`, ...packages()],
    settings: { kind: wanted.kind, rounds: wanted.rounds, seconds: wanted.seconds },
    chapters,
  }
}

/** Ours, the driver, and what is compared, in the versions of the lock file. */
function packages() {
  const { version } = read('../../packages/fencepost/package.json')
  const { dependencies, overrides } = read('../package.json')
  return Object.entries({ fencepost: version, pg: overrides.pg, ...dependencies }).map((one) => one.join(' '))
}

/** @param {string} path */
function read(path) {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'))
}
