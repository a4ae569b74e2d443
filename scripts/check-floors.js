import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { checkImports } from './floors/check-imports.js'
import { checkSizes } from './floors/check-sizes.js'
import { plans } from './floors/plan.js'
import { readPackage } from './floors/read-package.js'
import { report } from './run/report.js'
import { runAsScript } from './run/run-as-script.js'
import { workspaceRoot } from './run/workspace-root.js'

/**
 * Checks rooms and floors (STYLE) in the sources of every package.
 *
 * @param {string} root of a workspace
 * @returns {import('./run/report.js').Findings}
 */
export function checkFloors(root) {
  const packages = readdirSync(join(root, 'packages')).filter((name) => existsSync(join(root, 'packages', name, 'src')))
  const findings = packages.map((name) => checkPackage(join(root, 'packages', name, 'src'), name))
  return { problems: findings.flatMap(({ problems }) => problems), notes: findings.flatMap(({ notes }) => notes) }
}

/** @param {string} src @param {string} name @returns {import('./run/report.js').Findings} */
function checkPackage(src, name) {
  const plan = plans[name]
  if (plan === undefined) return { problems: [`packages/${name}: has no plan in scripts/floors/plan.js`], notes: [] }
  const files = readPackage(src)
  const sizes = checkSizes(files, plan)
  const located = (/** @type {string} */ text) => `packages/${name}/src/${text}`
  return { problems: [...checkImports(files, plan), ...sizes.problems].map(located), notes: sizes.notes.map(located) }
}

await runAsScript(import.meta.url, () => report(checkFloors(workspaceRoot)))
