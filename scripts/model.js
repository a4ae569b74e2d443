import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkModels } from './model/check-models.js'
import { RUNS } from './model/runs.js'
import { runAsScript } from './run/run-as-script.js'
import { ScriptError } from './run/script-error.js'
import { workspaceRoot } from './run/workspace-root.js'

const TOOLS = { spin: '-V', gcc: '--version' }
// Each may take 1.5 GB.
const MOST_AT_ONCE = 2
const USAGE = `npm run model [-- NAME...]

Explores the models of the protocol in models/ with spin, all of their states, and their mutants, in each of which a violation must
be found. NAME: only what has it in the name of its model.`

await runAsScript(import.meta.url, async (args) => {
  if (args.includes('--help') || args.includes('-h')) {
    console.log(USAGE)
    return 0
  }
  const chosen = args.length === 0 ? RUNS : RUNS.filter(({ name }) => args.some((part) => name.includes(part)))
  if (chosen.length === 0) throw new ScriptError(`no such model; there are ${RUNS.map(({ name }) => name).join('; ')}`)
  requireTools()
  const folder = mkdtempSync(join(tmpdir(), 'fencepost-model-'))
  const startedMs = performance.now()
  try {
    console.log(row('model', 'mutant', 'expected', 'states', 'seconds', 'ok'))
    const atOnce = Math.min(MOST_AT_ONCE, availableParallelism())
    const results = await checkModels(chosen, { sources: join(workspaceRoot, 'models'), folder, atOnce, tell })
    const failed = results.filter(({ isOk }) => !isOk).length
    const seconds = Math.round((performance.now() - startedMs) / 1000)
    console.log(`${results.length - failed} as expected, ${failed} not, ${seconds} s`)
    return failed === 0 ? 0 : 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

function requireTools() {
  const missing = Object.entries(TOOLS).filter(([program, flag]) => !isInstalled(program, flag))
  if (missing.length === 0) return
  const names = missing.map(([program]) => program).join(' ')
  throw new ScriptError(`the models need ${names}, not found here. On Debian: apt-get install ${names}`)
}

/** @param {string} program @param {string} flag */
function isInstalled(program, flag) {
  try {
    execFileSync(program, [flag], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** @param {import('./model/check-models.js').Result} result */
function tell({ model, mutant, outcome, isOk }) {
  const { states, seconds, violation, isWhole } = outcome
  const expected = mutant === null ? 'holds' : 'violated'
  console.log(
    row(model, mutant ?? '', expected, states.toLocaleString('en'), seconds.toFixed(1), isOk ? 'ok' : 'NOT OK'),
  )
  if (isOk) return
  if (violation !== null) console.log(`  violated: ${violation}`)
  else console.log(mutant !== null && isWhole ? '  no violation was found' : '  not all states were seen')
}

/** @param {...string} cells */
function row(...cells) {
  const [model = '', mutant = '', expected = '', states = '', seconds = '', ok = ''] = cells
  return `${model.padEnd(28)}${mutant.padEnd(24)}${expected.padEnd(10)}${states.padStart(12)}${seconds.padStart(9)}  ${ok}`
}
