import type { Holder } from '../ground/holder.ts'
import type { EvictionReport } from './eviction-options.ts'

/** What `fencepost.evict` answers, as the connection reads it. */
export interface Evicted {
  readonly token: string | null
  readonly outcome: EvictionReport['outcome']
  /** JSON. */
  readonly holders: string
}

interface Row extends Omit<Holder, 'acquiredAt'> {
  readonly acquired_at: string | null
}

export function readEvicted({ token, outcome, holders }: Evicted): EvictionReport {
  return {
    outcome,
    token: token === null ? null : Number(token),
    holders: (JSON.parse(holders) as Row[]).map(({ acquired_at: acquiredAt, ...holder }) => ({
      ...holder,
      acquiredAt: acquiredAt === null ? null : new Date(acquiredAt),
    })),
  }
}
