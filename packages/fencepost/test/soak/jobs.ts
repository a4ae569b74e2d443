// Kills and freezes workers at random moments of their jobs. Its argument is its options as JSON.
import { startPostgres } from '@fencepost/dev-postgres'
import { runCrew } from '../crew/crew.ts'
import { binariesOf, say } from './soak.ts'

interface JobsOptions {
  readonly jobs: number
  readonly workers: number
  readonly kills: number
  readonly freezes: number
  readonly seed: number
  readonly postgres: number | null
}

const options = JSON.parse(process.argv[2] ?? '') as JobsOptions
const { jobs, workers, kills, freezes, seed } = options
say(
  `seed ${seed}; again: npm run soak -- jobs --jobs ${jobs} --workers ${workers} --kills ${kills} --freezes ${freezes} --seed ${seed}`,
)
const isSafe = await run(true)
const isSeen = await run(false)
if (!isSeen) console.log('nothing took effect twice in transactions of their own: this run has shown nothing')
if (!isSafe || !isSeen) process.exitCode = 1

/** With effect and completion in one transaction: whether each took effect once; apart: whether it was seen that they do not. */
async function run(isTransactional: boolean): Promise<boolean> {
  await using server = await startPostgres({ ...binariesOf(options.postgres), settings: { max_connections: '200' } })
  const what = isTransactional ? 'job.transaction' : 'effect and completion apart'
  let tellAt = 0
  const shift = await runCrew({
    url: server.url,
    seed,
    jobs,
    workers,
    kills,
    freezes,
    isTransactional,
    progress(left) {
      if (performance.now() < tellAt) return
      tellAt = performance.now() + 5000
      say(`${what}: ${left} left`)
    },
  })
  const { paidTwice, unpaid, outOfOrder } = shift
  console.log(`${what}: ${jobs} jobs, ${workers} workers, ${kills} killed, ${freezes} frozen`)
  console.log(
    `  twice ${paidTwice.length}, never ${unpaid.length}, out of order ${outOfOrder.length}, left ${shift.left}`,
  )
  console.log(`  refused ${shift.refused}, most attempts ${shift.attempts}`)
  if (!isTransactional) return paidTwice.length > 0
  return paidTwice.length + unpaid.length + outOfOrder.length + shift.left === 0
}
