import { asError } from '../ground/as-error.ts'
import { serverErrorOf } from '../wire/sql-state.ts'
import type { Claimed } from './claimed.ts'
import { StaleJobError } from './job-errors.ts'

/** LK009 as a `StaleJobError`; anything else as it is. */
export function describeLoss(error: unknown, job: Claimed): unknown {
  const said = serverErrorOf(error)
  if (said?.code !== 'LK009' || error instanceof StaleJobError) return error
  const cause = asError(said)
  return new StaleJobError(job, said.detail ?? cause.message, { cause })
}
