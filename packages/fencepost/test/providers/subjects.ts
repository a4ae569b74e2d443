import { fencepost, type LockProvider, type ProvidedLocks, providedLocks } from 'fencepost'
import { type Locking, memoryLocks } from 'fencepost/testing'
import { cloneDatabase } from '../support/database.ts'
import { PostgresProvider } from './postgres-provider.ts'

/** A place where locks are kept, and instances that stand for processes. */
export interface Place extends AsyncDisposable {
  instance(options?: { application?: string; namespace?: string }): Locking
}

export interface Subject {
  readonly name: string
  /** What the contract of a provider leaves open: taking locks away, guarding, and finding those who wait for each other. */
  readonly isWhole: boolean
  readonly open: () => Promise<Place>
}

export const SUBJECTS: readonly Subject[] = [
  { name: 'PostgreSQL', isWhole: true, open: onPostgres((url, options) => fencepost(url, options)) },
  {
    name: 'PostgreSQL as a LockProvider',
    isWhole: false,
    open: onPostgres((url, { namespace, ...options }) => overProvider(new PostgresProvider(url, options), namespace)),
  },
  { name: 'memory', isWhole: true, open: inMemory },
]

function onPostgres(make: (url: string, options: { application?: string; namespace?: string }) => Locking) {
  return async (): Promise<Place> => {
    const database = await cloneDatabase()
    return {
      ...placeOf(
        (options) => make(database.url, options),
        () => database[Symbol.asyncDispose](),
      ),
    }
  }
}

/** Eviction is no part of the contract of a provider. */
function overProvider(provider: LockProvider, namespace = 'default'): Locking {
  const locks: ProvidedLocks = providedLocks(provider, { namespace })
  return Object.assign(locks, { evict: () => Promise.reject(new Error('a provider need not evict')) })
}

async function inMemory(): Promise<Place> {
  const first = memoryLocks({ transaction: (work) => work({ query: async () => ({ rows: [], rowCount: 0 }) }) })
  return placeOf(
    ({ application, namespace }) =>
      first.peer({ ...(application && { application }), ...(namespace && { namespace }) }),
    () => first.close(),
  )
}

function placeOf(
  make: (options: { application?: string; namespace?: string }) => Locking,
  end: () => PromiseLike<void>,
): Place {
  const made: Locking[] = []
  return {
    instance(options = {}) {
      const instance = make(options)
      made.push(instance)
      return instance
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(made.map((instance) => instance.close()))
      await end()
    },
  }
}
