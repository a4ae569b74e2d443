import { join } from 'node:path'
import { prepare } from './prepare.js'
import { runAsScript } from './run/run-as-script.js'
import { runChild } from './run/run-child.js'
import { workspaceRoot } from './run/workspace-root.js'
import { readOptions, usage } from './soak/read-options.js'

const TSC = join(workspaceRoot, 'node_modules', 'typescript', 'bin', 'tsc')
const COMPILED = join(workspaceRoot, 'node_modules', '.cache', 'soak')
const PRELOAD = new URL('run/end-with-parent.js', import.meta.url).href

await runAsScript(import.meta.url, async (args) => {
  const read = readOptions(args)
  if (read === null) {
    console.log(usage())
    return 0
  }
  await prepare()
  const stdio = /** @type {const} */ (['ignore', 'inherit', 'inherit'])
  const cwd = workspaceRoot
  const compiled = await runChild(process.execPath, [TSC, '-p', 'tsconfig.soak.json'], { cwd, stdio: [...stdio] })
  if (compiled !== 0) return compiled
  const program = ['--import', PRELOAD, join(COMPILED, 'soak', `${read.mode}.js`), JSON.stringify(read.options)]
  return await runChild(process.execPath, program, { cwd, stdio: [...stdio], ownGroup: true })
})
