import { TTL_MS } from '../../contenders/contender.ts'
import { MOMENTS } from '../../history/event.ts'
import type { Fault } from '../fault.ts'

export const freeze: Fault = {
  name: 'freeze',
  about: 'SIGSTOP of the holder until the other has gone on, or for three times its TTL',
  moments: MOMENTS,
  stand: 'plain',
  stance: 'stops',
  patienceMs: TTL_MS * 3,
  whyNot: () => null,
}
