// Runs a random history on a server of its own for as long as wished and tells what it found. Its argument is its options as JSON.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from '@fencepost/dev-postgres'
import { checkHistory } from '../history/check-history.ts'
import { everything } from '../history/run/mix.ts'
import { runHistory } from '../history/run/run-history.ts'
import { rules } from '../history/rules.ts'
import { summarize } from '../history/summary.ts'
import { tellViolations } from '../history/tell-violations.ts'
import { binariesOf, say } from './soak.ts'

interface SoakOptions {
  readonly seconds: number
  readonly seed: number
  readonly processes: number
  readonly serverCrash: boolean
  /** A major version that is installed here; null: the one from npm. */
  readonly postgres: number | null
  /** What was recorded stays, also without a violation. */
  readonly keep: boolean
}

const PROGRESS_S = 5
const CRASH_WEIGHT = 1.5

const options = JSON.parse(process.argv[2] ?? '') as SoakOptions
const { seconds, seed, processes, serverCrash, postgres } = options
const flags = [`--seed ${seed}`, `--seconds ${seconds}`, `--processes ${processes}`]
if (serverCrash) flags.push('--server-crash')
if (postgres !== null) flags.push(`--postgres ${postgres}`)
const replay = `npm run soak -- history ${flags.join(' ')}`
say(`seed ${seed}; again: ${replay}`)
const folder = mkdtempSync(join(tmpdir(), 'fencepost-history-'))
await using server = await startPostgres({ ...binariesOf(postgres), settings: { max_connections: '200' } })
let nextS = PROGRESS_S
const run = await runHistory({
  url: server.url,
  folder,
  seed,
  seconds,
  processes,
  callers: 4,
  freezeMs: 2000,
  strikeEveryMs: 2500,
  mix: { ...everything, chaos: { ...everything.chaos, crash: serverCrash ? CRASH_WEIGHT : 0 } },
  crash: () => server.restart('crash'),
  progress(elapsedMs, counts) {
    if (elapsedMs < nextS * 1000) return
    nextS += PROGRESS_S
    const { granted = 0, committed = 0, refused = 0 } = counts
    say(`${Math.round(elapsedMs / 1000)} s: ${granted} granted, ${refused} not granted, ${committed} committed`)
  },
})
const findings = checkHistory(run.history, rules)
for (const [what, numbers] of Object.entries(summarize(run, findings))) console.log(`${what.padEnd(11)}${numbers}`)
for (const example of findings.line.examples) console.log(`overtaken  ${example}`)
if (findings.violations.length > 0) {
  console.log(tellViolations(findings.violations, folder))
  process.exitCode = 1
}
if (findings.violations.length > 0 || options.keep) console.log(`again: ${replay}; what was recorded is in ${folder}`)
else rmSync(folder, { recursive: true, force: true })
