import { parseDuration } from '../ground/duration.ts'
import type { RetryOptions } from '../queue/job.ts'

const LONGEST_MS = 36_500 * 86_400_000

/** In how many ms a failed job is tried again, without the jitter that a worker adds; null: never. */
export function nextTryMs(
  retry: RetryOptions = {},
  error: unknown,
  failed: { readonly attempt: number; readonly attempts: number },
): number | null {
  if (failed.attempt >= failed.attempts) return null
  const decision = retry.decide?.(error, failed) ?? 'retry'
  if (decision === 'dead') return null
  if (decision !== 'retry') return parseDuration(decision.in, 'in', LONGEST_MS)
  const { delay = '1s', factor = 2, maxDelay = '1h' } = retry
  const grown = parseDuration(delay, 'retry.delay', LONGEST_MS) * factor ** (failed.attempt - 1)
  return Math.round(Math.min(grown, parseDuration(maxDelay, 'retry.maxDelay', LONGEST_MS)))
}
