import type { Endpoints } from '../endpoints.ts'
import { Proxy } from './proxy.ts'
import type { Road } from './road.ts'

const HERE = '127.0.0.1'

/** Where networks cannot be made: a proxy before each server. The kernel of a proxy goes on answering for the holder. */
export class Proxies implements Road {
  readonly kind = 'proxies'
  readonly host = HERE
  readonly inside = []
  readonly #proxies: Proxy[] = []

  async lead(endpoints: Endpoints): Promise<Endpoints> {
    const { postgres, pgbouncer, etcd, zookeeper } = endpoints
    return {
      postgres: await this.#url(postgres),
      pgbouncer: await this.#url(pgbouncer),
      etcd: await this.#url(etcd),
      zookeeper: zookeeper && `${HERE}:${await this.#port(new URL(`tcp://${zookeeper}`))}`,
      redis: await Promise.all(
        endpoints.redis.map(async ({ host, port }) => ({
          host: HERE,
          port: await this.#port({ hostname: host, port: String(port) }),
        })),
      ),
    }
  }

  cut(): Promise<void> {
    for (const proxy of this.#proxies) proxy.cut()
    return Promise.resolve()
  }

  heal(): Promise<void> {
    for (const proxy of this.#proxies) proxy.heal()
    return Promise.resolve()
  }

  async close(): Promise<void> {
    await Promise.all(this.#proxies.map((proxy) => proxy.close()))
  }

  async #url(url: string): Promise<string> {
    if (url === '') return ''
    const target = new URL(url)
    const port = await this.#port(target)
    target.hostname = HERE
    target.port = String(port)
    return target.href.replace(/\/$/, '')
  }

  async #port({ hostname, port }: { hostname: string; port: string }): Promise<number> {
    const proxy = await Proxy.start(hostname, Number(port))
    this.#proxies.push(proxy)
    return proxy.port
  }
}
