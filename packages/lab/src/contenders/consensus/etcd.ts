import { randomUUID } from 'node:crypto'
import { inTransaction, openPool } from '../../servers/ledger.ts'
import { type Contender, type Grant, type OpenLock, type Place, type Store, TTL_MS } from '../contender.ts'
import { EtcdApi } from './etcd-api.ts'

const SETTINGS = { lease: `${TTL_MS} ms`, 'kept alive': `each ${Math.round(TTL_MS / 3)} ms` }
/** Of `fencepost.admit`. */
const STALE = 'LK001'

/** What the holder knows of its lock. */
interface Held {
  readonly key: string
  readonly revision: string
}

export const etcd: Contender = {
  name: 'etcd',
  about: 'etcd’s lock service with a lease that is kept alive; its loss is looked at before the write to PostgreSQL',
  servers: ['etcd'],
  settings: SETTINGS,
  open: async (place) => openEtcd(place, () => ({})),
}

export const etcdTransaction: Contender = {
  name: 'etcd-transaction',
  about: 'the same, and the ledger in etcd too: written in a transaction on the create revision of the lock',
  servers: ['etcd'],
  isFenced: true,
  settings: SETTINGS,
  open: async (place) =>
    openEtcd(place, (held, api) => ({ isRefusal: (error) => error instanceof Refused, store: storeIn(api, held) })),
  store: ({ etcd: url }) => storeIn(new EtcdApi(url), null),
}

export const etcdToken: Contender = {
  name: 'etcd-token',
  about:
    'the same lock, its create revision taken to PostgreSQL as a token: fencepost.admit in the writing transaction, which does not read',
  servers: ['etcd'],
  settings: SETTINGS,
  prepare: migrate,
  open: async (place) => openWithToken(place, {}),
}

export const etcdTokenRead: Contender = {
  ...etcdToken,
  name: 'etcd-token-read',
  about:
    'the same, and after fencepost.admit the transaction reads once more whether the invoice is unpaid (docs/outside.md)',
  isFenced: true,
  open: async (place) => openWithToken(place, { readsAgain: true }),
}

async function migrate({ postgres }: Place): Promise<void> {
  const { fencepost } = await import('fencepost')
  await using fp = fencepost(postgres)
  await fp.migrate()
}

function openWithToken(place: Place, how: Pick<Grant, 'readsAgain'>): OpenLock {
  const pool = openPool(place.postgres, place.application)
  const lock = openEtcd(place, ({ key, revision }) => ({
    ...how,
    isRefusal: (error) => (error as { code?: string }).code === STALE,
    transaction: (pay) =>
      inTransaction(pool, async (tx) => {
        await tx.query('select fencepost.admit($1, $2)', [resourceOf(key), revision])
        await pay(tx)
      }),
  }))
  return { hold: (name, work) => lock.hold(name, work), close: () => pool.end() }
}

class Refused extends Error {}

function openEtcd({ etcd: url, ttlMs }: Place, grantOf: (held: Held, api: EtcdApi) => Grant): OpenLock {
  const api = new EtcdApi(url)
  return {
    async hold(name, work) {
      let heldUntil = performance.now() + ttlMs
      const lease = await api.grantLease(ttlMs / 1000)
      // As etcd's own client does: a lease has ended when no answer came in time, whatever became of the question.
      const keep = async () => {
        const askedAt = performance.now()
        if (await api.keepAlive(lease).catch(() => false)) heldUntil = askedAt + ttlMs
      }
      // While it waits, too: the lease is what its place in the line lives by.
      const timer = setInterval(() => void keep(), ttlMs / 3)
      try {
        const key = await api.lock(name, lease)
        const revision = await api.createRevision(key)
        if (revision === null) throw new Error('the lock was lost before it was told')
        await work({
          token: revision,
          stillHeld: () => performance.now() < heldUntil,
          ...grantOf({ key, revision }, api),
        })
        await api.unlock(key)
      } finally {
        clearInterval(timer)
      }
      await api.revoke(lease)
    },
    close: async () => {},
  }
}

const prefix = (invoice: number) => `ledger/${invoice}/`

/** The ledger as keys of etcd. */
function storeIn(api: EtcdApi, held: Held | null): Store {
  return {
    isPaid: async (invoice) => (await api.valuesOf(prefix(invoice))).length > 0,
    async pay(invoice, payer) {
      if (held === null || !(await api.putWhile(held, prefix(invoice) + randomUUID(), payer))) throw new Refused()
    },
    entries: (invoice) => api.valuesOf(prefix(invoice)),
  }
}

/** The key of a holder is the name of the lock and its lease. */
function resourceOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/'))
}
