import { join } from 'node:path'
import { prepareModules } from './prepare.js'
import { runAsScript } from './run/run-as-script.js'
import { runChild } from './run/run-child.js'
import { ScriptError } from './run/script-error.js'
import { workspaceRoot } from './run/workspace-root.js'

// Types first: it builds what the later steps load.
/** @type {Record<string, string[]>} the program of each step, run by Node in the workspace */
const STEPS = {
  types: ['node_modules/typescript/bin/tsc', '-b'],
  lint: ['node_modules/oxlint/bin/oxlint', '--type-aware', '--deny-warnings'],
  format: ['node_modules/oxfmt/bin/oxfmt', '--check'],
  floors: ['scripts/check-floors.js'],
  sql: ['scripts/check-sql.js'],
  docs: ['scripts/check-docs.js'],
  lockfile: ['scripts/check-lockfile.js'],
}
// These load what `types` builds.
const ON_BUILT = ['lint', 'sql', 'docs']

await runAsScript(import.meta.url, async (args) => {
  const unknown = args.filter((name) => !Object.hasOwn(STEPS, name))
  if (unknown.length > 0)
    throw new ScriptError(`no such check: ${unknown.join(' ')}; there are ${Object.keys(STEPS).join(' ')}`)
  await prepareModules()
  const chosen = args.length > 0 ? withTypes(args) : Object.keys(STEPS)
  const failed = []
  for (const name of chosen) {
    if (!(await passes(name))) failed.push(name)
  }
  if (failed.length > 0) console.log(`failed: ${failed.join(' ')}`)
  return failed.length > 0 ? 1 : 0
})

/** @param {string[]} names */
function withTypes(names) {
  const needed = names.some((name) => ON_BUILT.includes(name)) ? ['types', ...names] : names
  return Object.keys(STEPS).filter((name) => needed.includes(name))
}

/** @param {string} name */
async function passes(name) {
  const startedMs = performance.now()
  const [program = '', ...args] = STEPS[name] ?? []
  const code = await runChild(process.execPath, [join(workspaceRoot, program), ...args], {
    cwd: workspaceRoot,
    stdio: 'inherit',
  })
  // Somebody ended this, so the steps that are left are not wanted either.
  if (code > 128) throw new ScriptError(`${name} was ended by signal ${code - 128}`, code)
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
  console.log(`${name.padEnd(8)} ${code === 0 ? 'ok    ' : 'failed'} ${seconds} s`)
  return code === 0
}
