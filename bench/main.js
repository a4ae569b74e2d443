import { prepare } from '../scripts/prepare.js'
import { runAsScript } from '../scripts/run/run-as-script.js'
import { HELP, parseArguments } from './arguments.js'

await runAsScript(import.meta.url, async (args) => {
  const wanted = parseArguments(args)
  if (wanted === null) {
    console.log(HELP)
    return 0
  }
  await prepare()
  // Only now: it loads what is installed and built above.
  const { bench } = await import('./bench.js')
  return await bench(wanted)
})
