// Kills and freezes leaders. Its argument is its options as JSON.
import { startPostgres } from '@fencepost/dev-postgres'
import { runCampaign } from '../election/campaign.ts'
import { binariesOf, describeTimes, say } from './soak.ts'

interface ElectionOptions {
  readonly blows: number
  readonly candidates: number
  readonly seed: number
  readonly postgres: number | null
}

/** Of a vacancy after a kill. */
const MOST_VACANT_MS = 300

const options = JSON.parse(process.argv[2] ?? '') as ElectionOptions
const { blows, candidates, seed } = options
say(`seed ${seed}; again: npm run soak -- election --blows ${blows} --candidates ${candidates} --seed ${seed}`)
await using server = await startPostgres(binariesOf(options.postgres))
let tellAt = 0
const campaign = await runCampaign({
  url: server.url,
  seed,
  candidates,
  blows,
  progress(struck) {
    if (performance.now() < tellAt) return
    tellAt = performance.now() + 5000
    say(`${struck} of ${blows}`)
  },
})
const { terms, overlaps, afterKillMs, afterTwoKillsMs, afterFreezeMs } = campaign
const isRising = terms.every((term, i) => i === 0 || term > (terms[i - 1] ?? 0))
const late = [...afterKillMs, ...afterTwoKillsMs].filter((ms) => ms > MOST_VACANT_MS)
const describe = (times: readonly number[]) => describeTimes(times.toSorted((a, b) => a - b))
console.log(`${blows} blows at the leader of ${candidates}: ${terms.length} terms, ${campaign.writes} writes`)
console.log(`  terms rise: ${isRising}; terms that wrote in the same moment: ${overlaps.length}`)
console.log(`  refused writes of leaders of before: ${campaign.refused}`)
console.log(
  `  kill to the next leader: ${describe(afterKillMs)}; of it and a standby: ${describe(afterTwoKillsMs)}; longer than ${MOST_VACANT_MS} ms: ${late.length}`,
)
console.log(`  freeze of 1 s and more to the next leader: ${describe(afterFreezeMs)}`)
for (const { former, later } of overlaps) console.log(`  term ${former} wrote beside term ${later}`)
if (!isRising || overlaps.length > 0 || late.length > 0) process.exitCode = 1
