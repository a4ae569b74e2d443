// Kills and freezes workers at random moments of their jobs. Its argument is its options as JSON.
import { startPostgres } from '@fencepost/dev-postgres'
import { type CrewOptions, runCrew } from '../crew/crew.ts'
import { binariesOf, say } from './soak.ts'

interface JobsOptions extends Work {
  readonly seed: number
  readonly postgres: number | null
}

type Work = Pick<CrewOptions, 'jobs' | 'workers' | 'concurrency' | 'thoughtMs' | 'groupEvery' | 'kills' | 'freezes'>

/** Enough to see that effects come twice where they have transactions of their own. */
const CONTROL: Work = { jobs: 1500, workers: 6, kills: 20, freezes: 25 }

const { seed, postgres, ...work } = JSON.parse(process.argv[2] ?? '') as JobsOptions
const { jobs, workers, concurrency, thoughtMs, groupEvery, kills, freezes } = work
say(
  `seed ${seed}; again: npm run soak -- jobs --jobs ${jobs} --workers ${workers} --concurrency ${concurrency} --thought-ms ${thoughtMs} ` +
    `--group-every ${groupEvery} --kills ${kills} --freezes ${freezes} --seed ${seed}`,
)
const isSafe = await run(true, work)
const isSeen = await run(false, jobs > CONTROL.jobs ? CONTROL : work)
if (!isSeen) console.log('nothing took effect twice in transactions of their own: this run has shown nothing')
if (!isSafe || !isSeen) process.exitCode = 1

/** With effect and completion in one transaction: whether each took effect once; apart: whether it was seen that they do not. */
async function run(isTransactional: boolean, asked: Work): Promise<boolean> {
  await using server = await startPostgres({ ...binariesOf(postgres), settings: { max_connections: '200' } })
  const what = isTransactional ? 'job.transaction' : 'effect and completion apart'
  const from = performance.now()
  let tellAt = 0
  const shift = await runCrew({
    ...asked,
    url: server.url,
    seed,
    isTransactional,
    progress(left) {
      if (performance.now() < tellAt) return
      tellAt = performance.now() + 5000
      say(`${what}: ${left} left`)
    },
  })
  const { paidTwice, unpaid, outOfOrder } = shift
  const seconds = Math.round((performance.now() - from) / 1000)
  console.log(
    `${what}: ${asked.jobs} jobs, ${asked.workers} workers, ${asked.kills} killed, ${asked.freezes} frozen, ${seconds} s`,
  )
  console.log(
    `  twice ${paidTwice.length}, never ${unpaid.length}, out of order ${outOfOrder.length}, left ${shift.left}`,
  )
  console.log(`  refused ${shift.refused}, most attempts ${shift.attempts}`)
  if (!isTransactional) return paidTwice.length > 0
  return paidTwice.length + unpaid.length + outOfOrder.length + shift.left === 0
}
