import type { Jobs } from '../jobs/jobs.ts'
import type { DrainReport } from './drain-report.ts'
import { type AnyJob, DrainSession } from './drain-session.ts'
import { type TestClock, testClock } from './test-clock.ts'

export interface DrainOptions {
  /** What time it is for the jobs; the server's by default. */
  readonly clock?: TestClock
  /** How many attempts are run at most, so that a job which enqueues itself comes to an end. Default 10 000. */
  readonly limit?: number
}

/**
 * For tests: runs in this process, one after the other, all jobs of these kinds that are due, and what they enqueue, and returns when nothing is due any
 * more. Nothing goes on in the background and nothing is waited for: what fails, snoozes or is delayed comes with a `drain` after the clock was advanced.
 * A job's `timeout` is not enforced, and retries come without jitter. From here on `fp.enqueue` without `tx` goes
 * by the clock, too: each clock wants an instance of its own.
 *
 * @param fp of a database that no workers of these jobs run on: they would take some.
 */
export async function drain(
  fp: { readonly jobs: Jobs },
  jobs: readonly AnyJob[],
  { clock = testClock(), limit = 10_000 }: DrainOptions = {},
): Promise<DrainReport> {
  if (!Array.isArray(jobs) || jobs.length === 0 || jobs.some(({ run }) => typeof run !== 'function')) {
    throw new TypeError('drain() needs a list of jobs that have a run')
  }
  if (!Number.isInteger(limit) || limit < 1) throw new TypeError(`limit must be a whole number above 0; got ${limit}`)
  await using session = await DrainSession.open(fp.jobs, jobs, clock)
  return await session.run(limit)
}
