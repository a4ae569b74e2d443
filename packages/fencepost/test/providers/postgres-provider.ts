import { type Fencepost, fencepost, type Grant, type Inspection, type Lock, type LockProvider } from 'fencepost'
import type { ProviderWaiting, Wanted } from 'fencepost'

/** PostgreSQL behind the interface that other providers implement, in terms of the library itself. */
export class PostgresProvider implements LockProvider {
  readonly #url: string
  readonly #options: { application?: string }
  readonly #instances = new Map<string, Fencepost>()

  constructor(url: string, options: { application?: string }) {
    this.#url = url
    this.#options = options
  }

  async tryAcquire({ name, namespace, mode }: Wanted, signal: AbortSignal): Promise<Grant | null> {
    const lock = await this.#of(namespace).tryLock(name, { signal, shared: mode === 'shared' })
    return lock && grantOf(lock, this)
  }

  async acquire({ name, namespace, mode }: Wanted, { signal, onWaiting }: ProviderWaiting): Promise<Grant> {
    const fp = this.#of(namespace)
    const lock = await fp.lock(name, { signal, shared: mode === 'shared', onWait: onWaiting })
    return grantOf(lock, this)
  }

  async inspect({ name, namespace }: Pick<Wanted, 'name' | 'namespace'>): Promise<Inspection> {
    const holders = await this.#of(namespace).who(name)
    const { pending } = await this.#of(namespace).locks.query()
    return { holders, waiting: pending.filter((one) => one.name === name && one.namespace === namespace).length }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#instances.values()].map((instance) => instance.close()))
  }

  #of(namespace: string): Fencepost {
    const instance = this.#instances.get(namespace) ?? fencepost(this.#url, { ...this.#options, namespace })
    this.#instances.set(namespace, instance)
    return instance
  }
}

function grantOf(lock: Lock, provider: object): Grant {
  const lost = new AbortController()
  lock.signal.addEventListener('abort', () => lost.abort((lock.signal.reason as Error).cause), { once: true })
  return { token: lock.token, lost: lost.signal, session: provider, release: () => lock.release() }
}
