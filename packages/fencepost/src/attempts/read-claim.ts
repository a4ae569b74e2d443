import type { Claimed } from './claimed.ts'

/** What `claim_jobs` answers: a line for each queue, and another one for those of its jobs that need a look at others. */
export interface Claim {
  readonly token: number
  /** Whether there were jobs that need a look at others, claimed or not. */
  readonly isCareful: boolean
  readonly lines: readonly (readonly [queue: string, jobs: readonly JobTuple[]])[]
}

/** As job_tuple has it. The last one is there for few: what most jobs do not have. */
type JobTuple = readonly [
  id: number,
  name: string,
  payload: unknown,
  attempt: number,
  attempts: number,
  priority: number,
  enqueuedAt: number,
  rest?: { readonly key?: string; readonly group?: string; readonly isPlain?: false; readonly isSimple?: false },
]

export interface Row extends Claimed {
  readonly priority: number
}

const NOTHING: NonNullable<JobTuple[7]> = {}

export function readClaim({ token, lines }: Claim): Row[] {
  const rows: Row[] = []
  for (const [queue, jobs] of lines) {
    for (const [id, name, payload, attempt, attempts, priority, enqueuedAt, rest = NOTHING] of jobs) {
      const { key = null, group = null, isPlain = true, isSimple = true } = rest
      rows.push({
        id,
        queue,
        name,
        payload,
        attempt,
        attempts,
        token,
        key,
        group,
        enqueuedAt,
        priority,
        isPlain,
        isSimple,
      })
    }
  }
  return rows
}
