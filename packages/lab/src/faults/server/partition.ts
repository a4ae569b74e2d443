import type { Fault } from '../fault.ts'

export const partition: Fault = {
  name: 'partition',
  about: 'every packet between the holder and all servers vanishes until the other has gone on, at most 12 s',
  moments: ['before-check', 'after-check'],
  stand: 'road',
  stance: 'waits',
  patienceMs: 12_000,
  whyNot: () => null,
  strike: (stand) => stand.road?.cut() ?? Promise.reject(new Error('there is nothing to cut')),
  mend: (stand) => stand.road?.heal() ?? Promise.resolve(),
}
