import type { ServerResponse } from 'node:http'
import { StaleTokenError } from '../ground/errors.ts'
import type { FenceHeaderError } from './fence-header-error.ts'

export type Refusal = StaleTokenError | FenceHeaderError

interface Problem {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: string
}

/**
 * What HTTP says of a stale token: the token is a condition that the request itself carries, and whose absence is 428, so 412. Not 409, which
 * some clients, those of S3 among them, take for a request to try again.
 */
const STALE = 412
const KINDS = {
  400: ['malformed-fence', 'The fence cannot be read'],
  412: ['other-lock', 'The fence is that of another lock'],
  428: ['missing-fence', 'A fence is required'],
} as const

/** A refusal as RFC 9457 has it. */
export function problemOf(refusal: Refusal): Problem {
  const isStale = refusal instanceof StaleTokenError
  const status = isStale ? STALE : refusal.status
  const [kind, title] = isStale ? ['stale-token', 'The token is stale'] : KINDS[refusal.status]
  const told = isStale ? { lock: refusal.lockName, token: refusal.token } : {}
  const body = { type: `urn:fencepost:${kind}`, title, status, detail: refusal.message, ...told }
  return {
    status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
    body: JSON.stringify(body),
  }
}

export function writeProblem(response: Pick<ServerResponse, 'writeHead' | 'end'>, problem: Problem): void {
  response.writeHead(problem.status, problem.headers)
  response.end(problem.body)
}
