import type { Queryable } from '../../src/postgres/queryable.ts'

/** What jobs are to be put into the table, `count` of them, one after the other. */
export interface Inserted {
  readonly queue: string
  readonly name?: string
  readonly group?: string | null
  readonly priority?: number
  readonly keep?: string
  readonly count?: number
}

/** Their ids. As enqueueing does it, for what is only about what becomes of them. */
export async function insertJobs(to: Queryable, jobs: Inserted): Promise<number[]> {
  const { queue, name = 'job', group = null, priority = 0, keep = null, count = 1 } = jobs
  const { rows } = await to.query<{ id: string }>(
    `insert into fencepost.jobs (queue, name, state, priority, payload, run_at, group_key, is_plain, keep)
    select $1, $2, 'ready', $3, '{}', now(), $4, fencepost.is_plain_job($2, $4), $5::interval from generate_series(1, $6)
    returning id`,
    [queue, name, priority, group, keep, count],
  )
  return rows.map(({ id }) => Number(id))
}
