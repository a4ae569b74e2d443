import { TTL_MS } from '../../contenders/contender.ts'
import type { Fault } from '../fault.ts'

export const kill: Fault = {
  name: 'kill',
  about: 'kill -9 of the holder',
  moments: ['after-check', 'in-write'],
  stand: 'plain',
  stance: 'dies',
  patienceMs: TTL_MS * 3,
  whyNot: () => null,
  strike: (_, holders) => Promise.all(holders.map((holder) => holder.kill())),
}
