import { TTL_MS } from '../../contenders/contender.ts'
import type { Fault } from '../fault.ts'

export const serverCrash: Fault = {
  name: 'server-crash',
  about: 'kill -9 and restart of the server that has the lock, with what it has on disk',
  moments: ['after-check', 'before-check'],
  stand: 'plain',
  stance: 'waits',
  patienceMs: TTL_MS * 1.5,
  whyNot: ({ servers = [] }) =>
    servers.includes('redis') || servers.includes('five-redis') ? 'see redis-restart' : null,
  strike: async ({ etcd, zookeeper, postgres }) => {
    if (etcd) await etcd.crash()
    else if (zookeeper) await zookeeper.crash()
    else await postgres.restart('crash')
  },
}
