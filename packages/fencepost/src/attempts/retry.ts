import { parseDuration } from '../ground/duration.ts'
import type { Decision, RetryOptions } from '../queue/job.ts'

/** What `defineJob` takes. */
const LONGEST_MS = 36_500 * 86_400_000

export interface RetryRule {
  readonly retry: RetryOptions | undefined
  /** The part of each pause that is left to chance, so that jobs that failed together do not come back together. */
  readonly jitter: number
}

/** In how many ms a job that failed is tried again; null: it is dead. */
export function delayOf(
  { retry, jitter }: RetryRule,
  error: unknown,
  failed: { readonly attempt: number; readonly attempts: number },
): number | null {
  const decision = retry?.decide?.(error, failed) ?? 'retry'
  if (decision === 'dead' || failed.attempt >= failed.attempts) return null
  if (decision !== 'retry') return parseDelay(decision)
  return Math.round(backOffMs(retry, failed.attempt) * (1 - jitter * Math.random()))
}

function parseDelay(decision: Exclude<Decision, string>): number {
  return parseDuration(decision.in, 'in', LONGEST_MS)
}

function backOffMs({ delay = '1s', factor = 2, maxDelay = '1h' }: RetryOptions = {}, attempt: number): number {
  const longestMs = parseDuration(maxDelay, 'retry.maxDelay', LONGEST_MS)
  // Of no delay none can be made, and 0 times what a factor grows to is no number.
  const firstMs = parseDuration(delay, 'retry.delay', LONGEST_MS)
  return firstMs === 0 ? 0 : Math.min(firstMs * factor ** (attempt - 1), longestMs)
}
