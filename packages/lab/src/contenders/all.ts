import { pathToFileURL } from 'node:url'
import { SERVER_KINDS } from '../servers/endpoints.ts'
import type { Contender } from './contender.ts'

/** Loaded one by one. In the order of the report: from what most people start with to what holds. */
const OWN: Readonly<Record<string, () => Promise<Contender>>> = {
  'redis-set-nx': async () => (await import('./redis/set-nx.ts')).setNx,
  'redlock-4': async () => (await import('./redis/redlock-4.ts')).redlock4,
  'redlock-5': async () => (await import('./redis/redlock-5.ts')).redlock5,
  'redlock-5-expiration': async () => (await import('./redis/redlock-5.ts')).redlock5Expiration,
  'pg-advisory-lock': async () => (await import('./postgres/advisory-lock.ts')).advisoryLock,
  'pg-advisory-pooled': async () => (await import('./postgres/advisory-lock.ts')).pooledAdvisoryLock,
  'pg-lease-table': async () => (await import('./postgres/lease-table.ts')).leaseTable,
  zookeeper: async () => (await import('./consensus/zookeeper.ts')).zookeeper,
  etcd: async () => (await import('./consensus/etcd.ts')).etcd,
  'etcd-transaction': async () => (await import('./consensus/etcd.ts')).etcdTransaction,
  'etcd-token': async () => (await import('./consensus/etcd.ts')).etcdToken,
  'etcd-token-read': async () => (await import('./consensus/etcd.ts')).etcdTokenRead,
  'fencepost-transaction': async () => (await import('./postgres/fencepost.ts')).fencepostTransaction,
  fencepost: async () => (await import('./postgres/fencepost.ts')).fencepostSession,
}

export const CONTENDER_NAMES = Object.keys(OWN)

/**
 * One of ours by its name, or the one that a file exports, by its path.
 *
 * @throws {TypeError} if there is none of this name, or the file exports no contender
 */
export async function loadContender(nameOrPath: string): Promise<Contender> {
  const own = OWN[nameOrPath]
  if (own !== undefined) return await own()
  if (!isPath(nameOrPath)) {
    throw new TypeError(
      `there is no contender "${nameOrPath}", only ${CONTENDER_NAMES.join(', ')}, or a file: ./my-lock.mjs`,
    )
  }
  const module = (await import(pathToFileURL(nameOrPath).href).catch((error: unknown) => {
    throw new TypeError(`${nameOrPath} cannot be loaded: ${(error as Error).message}`, { cause: error })
  })) as { default?: unknown }
  return checked(module.default ?? module, nameOrPath)
}

/** Names have no slash and no dot. */
export function isPath(nameOrPath: string): boolean {
  return /[/\\.]/.test(nameOrPath)
}

function checked(exported: unknown, path: string): Contender {
  const { name, open, about = `from ${path}`, servers = [] } = exported as Partial<Contender>
  if (typeof name !== 'string' || !/^[\w-]{1,40}$/.test(name)) {
    throw new TypeError(`${path} exports no name: \`export const name = 'my-lock'\`, of letters, digits, _ and -`)
  }
  if (name in OWN) throw new TypeError(`${path} exports the name "${name}", which is one of ours`)
  if (typeof open !== 'function') throw new TypeError(`${path} exports no function open: see docs/lab.md`)
  const isKnown = Array.isArray(servers) && servers.every((kind) => SERVER_KINDS.includes(kind))
  if (!isKnown) {
    throw new TypeError(`${path} asks for servers ${JSON.stringify(servers)}: a list of ${SERVER_KINDS.join(', ')}`)
  }
  return { ...(exported as Contender), name, about, open, servers }
}
