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
const { terms, written } = campaign
const isRising = (numbers: readonly number[]) => numbers.every((n, i) => i === 0 || n >= (numbers[i - 1] ?? 0))
console.log(`${blows} blows at the leader of ${candidates}: ${terms.length} terms, ${written.length} writes`)
console.log(`  terms rise: ${isRising(terms)}; no write of a term after one of a later term: ${isRising(written)}`)
console.log(`  refused writes of leaders of before: ${campaign.refused}`)
console.log(`  kill to the next leader: ${describeTimes(campaign.afterKillMs.toSorted((a, b) => a - b))}`)
console.log(`  freeze to the next leader: ${describeTimes(campaign.afterFreezeMs.toSorted((a, b) => a - b))}`)
if (!isRising(terms) || !isRising(written) || new Set(terms).size < terms.length) process.exitCode = 1
