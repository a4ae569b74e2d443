import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { prepare } from './prepare.js'
import { fillPage } from './incidents/page.js'
import { runAsScript } from './run/run-as-script.js'
import { ScriptError } from './run/script-error.js'
import { workspaceRoot } from './run/workspace-root.js'

export const PAGE = join(workspaceRoot, 'docs', '3am.md')

await runAsScript(import.meta.url, async () => {
  await prepare()
  const { playAll, whyNot } = await import('./incidents/play-all.js')
  const missing = await whyNot()
  if (missing !== null) throw new ScriptError(missing)
  writeFileSync(PAGE, fillPage(readFileSync(PAGE, 'utf8'), await playAll()))
  console.log('docs/3am.md shows what was seen just now')
  return 0
})
