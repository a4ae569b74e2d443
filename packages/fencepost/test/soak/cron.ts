// Leads replicas through days on which clocks change, and kills them at their ticks. Its argument is its options as JSON.
import { startPostgres } from '@fencepost/dev-postgres'
import { Random } from '../history/run/random.ts'
import { CHANGES, expectedOf, ofChange, type Recorded, Replicas, SHIFTS } from '../schedule/replicas.ts'
import { binariesOf, say } from './soak.ts'

interface CronOptions {
  readonly hours: number
  readonly kills: number
  readonly seed: number
  readonly postgres: number | null
}

const options = JSON.parse(process.argv[2] ?? '') as CronOptions
const { hours, kills, seed } = options
say(`seed ${seed}; again: npm run soak -- cron --hours ${hours} --kills ${kills} --seed ${seed}`)
const random = new Random(seed, 'cron')
const chance = kills / (CHANGES.length * hours * 8)
await using replicas = await Replicas.start((more) => startPostgres({ ...binariesOf(options.postgres), ...more }))
let [killed, ticks, wrong, lost] = [0, 0, 0, 0]
for (const change of CHANGES) {
  const recorded = ofChange(
    change,
    await replicas.through(change, hours, async () => {
      if (random.next() >= chance) return
      if (await replicas.strike()) killed++
    }),
  )
  const expected = expectedOf(change, hours)
  const differences = differencesOf(recorded.map(asDone), expected)
  ticks += expected.length
  lost += recorded.filter(({ state }) => state === 'lost').length
  wrong += differences.length
  say(`${change.zone} ${change.at}: ${expected.length} ticks, ${killed} killed so far`)
  for (const difference of differences) console.log(`  ${difference}`)
}
console.log(`${ticks} ticks of ${SHIFTS.length} replicas, ${killed} killed: ${wrong} not one row and one effect`)
console.log(`  of the killed, run again: ${await replicas.repeated()}; lost, as their effect was committed: ${lost}`)
if (wrong > 0) process.exitCode = 1

/** One that was killed after its effect was committed is lost, and that is as it should be. */
function asDone(tick: Recorded): Recorded {
  return tick.state === 'lost' && tick.effects === 1 ? { ...tick, state: 'done' } : tick
}

function differencesOf(recorded: readonly object[], expected: readonly object[]): string[] {
  const [seen, wanted] = [recorded, expected].map((all) => all.map((one) => JSON.stringify(one)))
  return [
    ...(seen ?? []).filter((one) => wanted?.includes(one) === false).map((one) => `was: ${one}`),
    ...(wanted ?? []).filter((one) => seen?.includes(one) === false).map((one) => `was not: ${one}`),
  ]
}
