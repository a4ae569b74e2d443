import { age } from '../../../show/age.ts'
import { command } from '../../words/command.ts'
import type { Hazard } from '../../hazard.ts'
import { plural } from '../../words/quantity.ts'

interface Row {
  readonly queue: string
  readonly jobs: number
  readonly ageMs: number
  readonly isPaused: boolean
  readonly workers: number
}

const SQL = `
  select counted.queue, sum(counted.jobs)::float8 as jobs, extract(epoch from max(counted.age))::float8 * 1000 as "ageMs",
    exists (select from fencepost.queues as known where known.queue = counted.queue and known.paused_at is not null) as "isPaused",
    (
      select count(*)::integer from fencepost.workers as worker
      where counted.queue = any(worker.queues) and worker.session in (select key from fencepost.held_keys())
    ) as workers
  from fencepost.job_counts() as counted
  where counted.state = 'ready'
  group by counted.queue
  order by max(counted.age) desc`

/** Queues that do not move. */
export const waitingJobs: Hazard<readonly Row[]> = {
  id: 'waiting-jobs',
  applies: ({ hasSchema }) => hasSchema,
  collect: (look) => look.ask<Row>(SQL),

  judge(rows, { olderThanMs, schema }) {
    const late = rows.filter(({ ageMs }) => ageMs >= olderThanMs)
    if (late.length === 0) return { level: 'fine', what: `no job that is ready waits for ${age(olderThanMs)}` }
    return late.map(({ queue, jobs, ageMs, isPaused, workers }) => {
      const what = `the oldest of ${plural(jobs, 'ready job')} of queue "${queue}" waits for ${age(ageMs)}`
      if (isPaused)
        return { level: 'warning', what: `${what}: the queue is paused`, mend: command('jobs resume', queue, schema) }
      if (workers === 0) {
        return {
          level: 'danger',
          what: `${what}: no worker works on that queue`,
          mend: `start a worker of it: fp.worker([…]), docs/workers.md`,
        }
      }
      const mend = `start more workers, or look what they do: ${command('jobs list --state running --queue', queue, schema)}`
      return { level: 'warning', what: `${what}, with ${plural(workers, 'worker')} on it`, mend }
    })
  },
}
