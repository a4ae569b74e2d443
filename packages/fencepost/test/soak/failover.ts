// Fail-overs from a primary that is killed to its standby, again and again. Its argument is its options as JSON.
import { groupBy } from '../history/history.ts'
import { runFailOvers } from '../failover/run-fail-overs.ts'
import { binariesOf, describeTimes, say } from './soak.ts'

interface FailOverOptions {
  readonly rounds: number
  readonly seed: number
  readonly async: boolean
  readonly sync: boolean
  readonly postgres: number | null
}

const options = JSON.parse(process.argv[2] ?? '') as FailOverOptions
const { rounds, seed } = options
say(`seed ${seed}; again: npm run soak -- failover --rounds ${rounds} --seed ${seed}`)
if (options.async || !options.sync) await run(false)
if (options.sync || !options.async) await run(true)

async function run(isSynchronous: boolean): Promise<void> {
  const what = isSynchronous ? 'synchronous' : 'asynchronous'
  const all = await runFailOvers({
    ...binariesOf(options.postgres),
    rounds,
    seed,
    isSynchronous,
    progress: (done) => done % 5 === 0 && say(`${what}: ${done} of ${rounds}`),
  })
  const sum = (of: (one: (typeof all)[number]) => number) => all.reduce((total, one) => total + of(one), 0)
  const times = (of: (one: (typeof all)[number]) => number) =>
    describeTimes(all.map(of).toSorted((one, other) => one - other))
  const told = [
    ...groupBy(
      all.flatMap((one) => one.told),
      (code) => code,
    ),
  ]
  const violations = all.flatMap((one, i) => one.violations.map((violation) => `round ${i + 1}: ${violation}`))
  console.log(`${what}: ${all.length} fail-overs, ${violations.length} violations`)
  console.log(`  kill to writes on the new primary: ${times(({ promotedMs }) => promotedMs)}`)
  console.log(`  kill to the next grant: ${times(({ grantedMs }) => grantedMs)}`)
  console.log(`  acknowledged guarded writes ${sum((one) => one.acknowledged)}, lost ${sum((one) => one.lost)}`)
  console.log(`  late commits were told: ${told.map(([code, { length }]) => `${length} ${code}`).join(', ')}`)
  for (const violation of violations) console.log(violation)
  if (violations.length > 0) process.exitCode = 1
}
