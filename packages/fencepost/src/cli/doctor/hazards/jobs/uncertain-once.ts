import { age } from '../../../show/age.ts'
import type { Hazard } from '../../hazard.ts'
import { plural } from '../../words/quantity.ts'

interface Facts {
  readonly keys: number
  readonly first: string | null
  readonly ageMs: number | null
}

const SQL = `
  select count(*)::integer as keys, (array_agg(key order by started_at))[1] as first,
    extract(epoch from clock_timestamp() - min(started_at))::float8 * 1000 as "ageMs"
  from fencepost.once where state = 'uncertain'`

export const uncertainOnce: Hazard<Facts> = {
  id: 'uncertain-once',
  applies: ({ hasSchema }) => hasSchema,
  async collect(look) {
    const [row] = await look.ask<Facts>(SQL)
    return row ?? { keys: 0, first: null, ageMs: null }
  },

  judge({ keys, first, ageMs }) {
    if (keys === 0) return { level: 'fine', what: 'nothing that is done once is uncertain' }
    return {
      level: 'warning',
      what: `${plural(keys, 'once-key')} ${keys === 1 ? 'is' : 'are'} uncertain, the oldest, "${first}", for ${age(ageMs)}: its runner is gone and left no outcome`,
      mend: 'find out whether it was done, and settle it: fp.reconcile, docs/once.md',
    }
  },
}
