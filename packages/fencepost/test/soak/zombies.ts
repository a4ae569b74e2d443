// Strikes holders at random moments of their work, with the guard and without. Its argument is its options as JSON.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from '@fencepost/dev-postgres'
import { checkHistory } from '../history/check-history.ts'
import { tellViolations } from '../history/tell-violations.ts'
import { type Blow, runCampaign } from '../zombies/campaign.ts'
import { readCampaign } from '../zombies/findings.ts'
import { zombieRules } from '../zombies/zombie-rules.ts'
import { binariesOf, describeTimes, say } from './soak.ts'

interface ZombieOptions {
  readonly rounds: number
  readonly seed: number
  readonly fault: Blow
  readonly holders: number
  readonly postgres: number | null
}

const options = JSON.parse(process.argv[2] ?? '') as ZombieOptions
const { rounds, seed, fault, holders } = options
say(
  `seed ${seed}; again: npm run soak -- zombies --fault ${fault} --rounds ${rounds} --seed ${seed} --holders ${holders}`,
)
const isSafe = await run(true)
const isSeen = await run(false)
if (!isSeen) console.log('nothing was paid twice without the guard: this run has shown nothing')
if (!isSafe || !isSeen) process.exitCode = 1

/** With the guard: whether it was safe; without: whether it was seen not to be. */
async function run(isGuarded: boolean): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'fencepost-zombies-'))
  await using server = await startPostgres({ ...binariesOf(options.postgres), settings: { max_connections: '200' } })
  const what = isGuarded ? 'with the guard' : 'without the guard'
  let tellAt = 0
  const campaign = await runCampaign({
    url: server.url,
    folder,
    seed,
    blow: fault,
    rounds,
    holders,
    isGuarded,
    killServer: () => server.restart('crash'),
    progress(struck) {
      if (performance.now() < tellAt) return
      tellAt = performance.now() + 5000
      say(`${what}: ${struck} of ${rounds}`)
    },
  })
  const findings = readCampaign(campaign)
  const { violations } = checkHistory(campaign.history, zombieRules)
  const during = Object.entries(findings.during).map(([moment, count]) => `${count} in ${moment}`)
  console.log(`${what}: ${fault}, ${findings.struck} holders struck: ${during.join(', ')}`)
  console.log(`  paid twice ${findings.paidTwice.length}, not paid ${findings.unpaid.length}`)
  console.log(`  refused ${findings.refused}, violations ${violations.length}`)
  console.log(`  blow to the next grant: ${describeTimes(findings.grantedMs)}`)
  if (!isGuarded) {
    rmSync(folder, { recursive: true })
    return findings.paidTwice.length > 0
  }
  const isGood = violations.length + findings.paidTwice.length + findings.unpaid.length === 0
  if (isGood) rmSync(folder, { recursive: true })
  else console.log(`${tellViolations(violations, folder)}\nwhat was recorded is in ${folder}`)
  return isGood
}
