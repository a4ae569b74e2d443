import type { Ask } from '../../../../index.ts'
import { age } from '../../../show/age.ts'
import type { Hazard } from '../../hazard.ts'

interface Facts {
  /** How far the server's clock is ahead of ours. */
  readonly aheadMs: number
  /** By how much that may be wrong. */
  readonly unsureMs: number
}

const ROUNDS = 3
const TOLERABLE_MS = 1000

export const clock: Hazard<Facts> = {
  id: 'clock',
  collect: (look) => look.through(compare),

  judge({ aheadMs, unsureMs }) {
    const apart = Math.abs(aheadMs)
    if (apart - unsureMs <= TOLERABLE_MS) {
      return { level: 'fine', what: `the clocks here and there agree to ${Math.ceil(Math.max(apart, unsureMs))} ms` }
    }
    return {
      level: 'warning',
      what: `the server's clock is ${age(apart)} ${aheadMs > 0 ? 'ahead of' : 'behind'} the one here: locks do not go by clocks, but jobs that are given a time here come at another`,
      mend: 'set whichever is wrong: chronyc makestep (chrony), or timedatectl set-ntp true (systemd)',
    }
  },
}

/** By the answer that came soonest, which leaves the least room. */
async function compare(ask: Ask): Promise<Facts> {
  let best: Facts | undefined
  for (let round = 0; round < ROUNDS; round++) {
    const askedAt = Date.now()
    const [row] = await ask<{ at: number }>('select extract(epoch from clock_timestamp())::float8 * 1000 as at')
    const unsureMs = (Date.now() - askedAt) / 2
    const aheadMs = (row?.at ?? 0) - (askedAt + unsureMs)
    if (best === undefined || unsureMs < best.unsureMs) best = { aheadMs, unsureMs }
  }
  return best ?? { aheadMs: 0, unsureMs: 0 }
}
