import type { Fault } from '../fault.ts'
import { TTL_MS } from '../../contenders/contender.ts'

const JUMP_S = 20

export const clocks: readonly Fault[] = [1, 2, 3].map((count) => ({
  name: `clock-${count}`,
  about: `the clock of ${count} of the lock’s servers jumps ${JUMP_S} s ahead; everything else runs on`,
  moments: ['after-check', 'before-check'],
  stand: 'clocks',
  stance: 'waits',
  patienceMs: TTL_MS * 0.4,
  whyNot: ({ servers = [] }) => {
    if (servers.includes('etcd'))
      return 'a Go program asks the kernel for the time itself: no library can tell it another'
    if (servers.includes('zookeeper')) return 'ZooKeeper measures time by the monotonic clock'
    return count > 1 && !servers.includes('five-redis') ? 'its lock is on one server' : null
  },
  strike: async (stand) => {
    const own = stand.redis.length > 0 ? stand.redis.map(({ clock }) => clock) : [stand.postgresClock]
    await Promise.all(own.slice(0, count).map(async (clock) => clock?.turn(JUMP_S)))
  },
  mend: async (stand) => {
    const all = [...stand.redis.map(({ clock }) => clock), stand.postgresClock]
    await Promise.all(all.map(async (clock) => clock?.turn(0)))
  },
}))
