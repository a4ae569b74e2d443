import { TTL_MS } from '../../contenders/contender.ts'
import type { Fault } from '../fault.ts'

export const nothing: Fault = {
  name: 'nothing',
  about: 'no fault: the holder takes two fifths of its TTL, alive, while the other wants the lock too',
  moments: ['before-check'],
  stand: 'plain',
  stance: 'waits',
  patienceMs: TTL_MS * 0.4,
  whyNot: () => null,
}
