import { age } from '../../../show/age.ts'
import { command } from '../../words/command.ts'
import type { Hazard } from '../../hazard.ts'
import { plural } from '../../words/quantity.ts'

interface Row {
  readonly queue: string
  readonly jobs: number
  readonly ageMs: number
  readonly names: readonly string[]
}

const SQL = `
  select queue, sum(jobs)::float8 as jobs, extract(epoch from max(age))::float8 * 1000 as "ageMs", array_agg(name order by jobs desc) as names
  from fencepost.job_counts() where state = 'dead' group by queue order by 2 desc`

export const deadJobs: Hazard<readonly Row[]> = {
  id: 'dead-jobs',
  applies: ({ hasSchema }) => hasSchema,
  collect: (look) => look.ask<Row>(SQL),

  judge(rows, { schema }) {
    if (rows.length === 0) return { level: 'fine', what: 'no job is dead' }
    return rows.map(({ queue, jobs, ageMs, names }) => ({
      level: 'warning',
      what: `${plural(jobs, 'job')} of queue "${queue}" ${jobs === 1 ? 'is' : 'are'} dead, the oldest for ${age(ageMs)}: ${names.slice(0, 3).join(', ')}${names.length > 3 ? ' and others' : ''}`,
      mend: `${command('jobs redrive --queue', queue, schema)} # once what failed is mended: ${command('jobs list --state dead --queue', queue, schema)}`,
    }))
  },
}
