import { errorText } from '../ground/as-error.ts'
import { isStorable } from '../queue/payload.ts'
import type { Snooze } from '../queue/job.ts'
import type { Claimed } from './claimed.ts'
import { JobResultError } from './job-errors.ts'

/** What becomes of a job, by what its function returned. */
export type Outcome =
  /** Nobody wants its result. */
  | { readonly kind: 'complete' }
  /** With its result as JSON. */
  | { readonly kind: 'finish'; readonly result: string }
  | { readonly kind: 'snooze'; readonly ms: number }
  /** Its work is done, but its result cannot be kept: it is dead, so that it is not done again. */
  | { readonly kind: 'unkept'; readonly error: JobResultError }

// Tens of thousands of jobs a second end so.
const COMPLETE: Outcome = { kind: 'complete' }

export function outcomeOf(claimed: Claimed, result: unknown): Outcome {
  if (isSnooze(result)) return { kind: 'snooze', ms: result.snoozeMs }
  if (claimed.isSimple) return COMPLETE
  try {
    return { kind: 'finish', result: jsonOf(result) }
  } catch (error) {
    if (error instanceof JobResultError) return { kind: 'unkept', error }
    throw error
  }
}

function isSnooze(value: unknown): value is Snooze {
  return typeof value === 'object' && value !== null && typeof (value as Partial<Snooze>).snoozeMs === 'number'
}

function jsonOf(result: unknown): string {
  let json: string | undefined
  try {
    json = JSON.stringify(result)
  } catch (error) {
    throw new JobResultError(`its result cannot be kept: ${errorText(error)}`, { cause: error })
  }
  // Nothing, and functions, have no JSON.
  if (json === undefined) return 'null'
  if (isStorable(json)) return json
  throw new JobResultError('its result cannot be kept: PostgreSQL stores no NUL and no half of a surrogate pair')
}
