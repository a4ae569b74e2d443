import type { Job } from '../queue/job.ts'
import { checkPayload } from '../queue/payload.ts'
import type { RunningJob } from './running-job.ts'

/** Runs a job's function with what its schema makes of the payload. A promise only where one of the two is asynchronous. */
export function runJob(job: Job, payload: unknown, running: RunningJob): unknown {
  const checked: unknown = checkPayload(job, payload)
  return checked instanceof Promise ? checked.then((value) => job.run(value, running)) : job.run(checked, running)
}

export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as PromiseLike<unknown>).then === 'function'
}
