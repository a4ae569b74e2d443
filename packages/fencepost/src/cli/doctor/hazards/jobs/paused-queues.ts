import { age } from '../../../show/age.ts'
import { command } from '../../words/command.ts'
import type { Hazard } from '../../hazard.ts'

interface Row {
  readonly queue: string
  readonly by: string | null
  readonly ageMs: number
}

const SQL = `
  select queue, paused_by as by, extract(epoch from clock_timestamp() - paused_at)::float8 * 1000 as "ageMs"
  from fencepost.queues where paused_at is not null order by paused_at`

/** Paused by somebody on purpose; whether it has been forgotten, the jobs that wait in it tell. */
export const pausedQueues: Hazard<readonly Row[]> = {
  id: 'paused-queues',
  applies: ({ hasSchema }) => hasSchema,
  collect: (look) => look.ask<Row>(SQL),

  judge(rows, { schema }) {
    if (rows.length === 0) return { level: 'fine', what: 'no queue is paused' }
    return rows.map(({ queue, by, ageMs }) => ({
      level: 'note',
      what: `queue "${queue}" is paused for ${age(ageMs)}${by === null ? '' : ` by role ${by}`}`,
      mend: command('jobs resume', queue, schema),
    }))
  },
}
