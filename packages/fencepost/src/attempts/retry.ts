import { parseDuration } from '../ground/duration.ts'
import type { Decision, RetryOptions } from '../queue/job.ts'

const LONGEST_MS = 366 * 86_400_000
/** Of each pause, so that jobs that failed together do not come back together. */
const JITTER = 0.25

/** In how many ms a job that failed is tried again; null: it is dead. */
export function delayOf(
  retry: RetryOptions | undefined,
  error: unknown,
  failed: { readonly attempt: number; readonly attempts: number },
): number | null {
  const decision = retry?.decide?.(error, failed) ?? 'retry'
  if (decision === 'dead' || failed.attempt >= failed.attempts) return null
  return decision === 'retry' ? backOff(retry, failed.attempt) : parseDelay(decision)
}

function parseDelay(decision: Exclude<Decision, string>): number {
  return parseDuration(decision.in, 'in', LONGEST_MS)
}

function backOff({ delay = '1s', factor = 2, maxDelay = '1h' }: RetryOptions = {}, attempt: number): number {
  const longestMs = parseDuration(maxDelay, 'maxDelay', LONGEST_MS)
  const delayMs = Math.min(parseDuration(delay, 'delay', LONGEST_MS) * factor ** (attempt - 1), longestMs)
  return Math.round(delayMs * (1 - JITTER * Math.random()))
}
