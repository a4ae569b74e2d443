import type { Pool } from 'pg'

/** A job as the table has it. */
export interface JobRow {
  readonly id: number
  readonly queue: string
  readonly state: string
  readonly priority: number
  readonly payload: unknown
  readonly run_at: Date
  readonly enqueued_at: Date
  readonly attempts: number
  readonly attempt: number
  readonly is_plain: boolean
  readonly key: string | null
  readonly group_key: string | null
  readonly keep: unknown
}

/** Jobs of a name, the one that was enqueued first first. */
export async function jobsOf(admin: Pool, name: string): Promise<JobRow[]> {
  const text = 'select *, id::integer as id from fencepost.jobs where name = $1 order by jobs.id'
  return (await admin.query<JobRow>(text, [name])).rows
}

/** As a worker that claims everything of a queue. */
export async function claimAll(admin: Pool, queue: string): Promise<void> {
  await admin.query(
    `update fencepost.jobs set state = 'running', token = 2, session = 1, claimed_at = now(), attempt = attempt + 1
    where queue = $1 and state = 'ready'`,
    [queue],
  )
}
