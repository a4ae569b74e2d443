import { TTL_MS } from '../../contenders/contender.ts'
import type { Fault } from '../fault.ts'

export const block: Fault = {
  name: 'block',
  about: 'the event loop of the holder is blocked until the other has gone on, or for three times its TTL',
  moments: ['before-check', 'after-check'],
  stand: 'plain',
  stance: 'blocks',
  patienceMs: TTL_MS * 3,
  whyNot: () => null,
}
