import { join } from 'node:path'
import { prepare } from './prepare.js'
import { runAsScript } from './run/run-as-script.js'
import { runChild } from './run/run-child.js'
import { workspaceRoot } from './run/workspace-root.js'

const LAB = join(workspaceRoot, 'packages', 'lab', 'dist', 'cli', 'main.js')

await runAsScript(import.meta.url, async (args) => {
  await prepare()
  return await runChild(process.execPath, [LAB, ...args], { cwd: process.cwd(), stdio: 'inherit' })
})
