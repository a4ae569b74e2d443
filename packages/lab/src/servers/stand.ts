import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type PostgresServer, startPostgres } from '@fencepost/dev-postgres'
import type { Pool } from 'pg'
import { Endings } from '../processes/endings.ts'
import type { Keeper } from '../processes/keeper.ts'
import type { Endpoints, ServerKind } from './endpoints.ts'
import { createLedger, openPool } from './ledger.ts'
import { ReplicatedPostgres } from './replicated-postgres.ts'
import { EtcdServer } from './programs/etcd.ts'
import { startPgBouncer } from './programs/pgbouncer.ts'
import { RedisServer } from './programs/redis.ts'
import { ZookeeperServer } from './programs/zookeeper.ts'
import { Clock, programsWithClock } from './roads/clock.ts'
import { Network } from './roads/network.ts'
import { Proxies } from './roads/proxies.ts'
import type { Road } from './roads/road.ts'

/** What a fault needs of the servers: nothing, clocks that can be turned, a way that can be cut, a standby. */
export type StandKind = 'plain' | 'clocks' | 'road' | 'replicated'

const HERE = '127.0.0.1'
/** Of what the lab itself asks. */
const LIMITS = { connectionTimeoutMillis: 30_000, query_timeout: 30_000 }
let made = 0

/** The servers of one contender; they share nothing with those of another. */
export class Stand implements AsyncDisposable {
  endpoints: Endpoints = { postgres: '', pgbouncer: '', redis: [], etcd: '', zookeeper: '' }
  /** Where the holder finds them. */
  endpointsOfHolder: Endpoints = this.endpoints
  /** Of the lab, to look at the ledger. */
  pool!: Pool
  postgres!: PostgresServer
  postgresClock: Clock | undefined
  replicated: ReplicatedPostgres | undefined
  road: Road | undefined
  redis: readonly RedisServer[] = []
  etcd: EtcdServer | undefined
  zookeeper: ZookeeperServer | undefined
  readonly #keeper: Keeper
  readonly #endings = new Endings()

  static async open(keeper: Keeper, kind: StandKind, servers: readonly ServerKind[]): Promise<Stand> {
    const stand = new Stand(keeper)
    try {
      if (kind === 'road') stand.road = await makeRoad(stand.#endings)
      await stand.#startPostgres(kind, servers)
      await stand.#startOthers(kind, servers)
      stand.endpointsOfHolder = (await stand.road?.lead(stand.endpoints)) ?? stand.endpoints
      stand.pool = openPool(stand.endpoints.postgres, 'lab', LIMITS)
      stand.#endings.add(() => stand.pool.end())
      await createLedger(stand.pool)
      return stand
    } catch (error) {
      await stand[Symbol.asyncDispose]().catch(() => {})
      throw error
    }
  }

  private constructor(keeper: Keeper) {
    this.#keeper = keeper
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#endings[Symbol.asyncDispose]()
  }

  get #host(): string {
    return this.road?.host ?? HERE
  }

  async #startPostgres(kind: StandKind, servers: readonly ServerKind[]): Promise<void> {
    if (kind === 'replicated') {
      const folder = join(this.#keeper.folder, `replicated-${made++}`)
      await mkdir(folder, { mode: 0o755 })
      this.replicated = await ReplicatedPostgres.start(folder, this.#endings)
      this.postgres = this.replicated.primary
      this.endpoints = { ...this.endpoints, postgres: this.replicated.url }
      return
    }
    // Where the lock is in Redis, PostgreSQL has the ledger alone.
    if (kind === 'clocks' && !hasRedis(servers)) this.postgresClock = await Clock.make(this.#keeper)
    const binaries = this.postgresClock && (await programsWithClock(this.#keeper, this.postgresClock))
    const listen = this.#host === HERE ? [] : [this.#host]
    this.postgres = await startPostgres({ ...(binaries === undefined ? {} : { binaries }), listen })
    this.#endings.add(() => this.postgres.stop())
    const { href } = Object.assign(new URL(this.postgres.url), { hostname: this.#host })
    this.endpoints = { ...this.endpoints, postgres: href }
  }

  async #startOthers(kind: StandKind, servers: readonly ServerKind[]): Promise<void> {
    const [keeper, host] = [this.#keeper, this.#host]
    if (hasRedis(servers)) {
      this.redis = await this.#startRedis(kind, servers.includes('five-redis') ? 5 : 1)
      this.endpoints = { ...this.endpoints, redis: this.redis.map(({ port }) => ({ host, port })) }
    }
    if (servers.includes('etcd')) {
      const etcd = await EtcdServer.start(keeper, host)
      this.etcd = etcd
      this.#endings.add(() => etcd.stop())
      this.endpoints = { ...this.endpoints, etcd: etcd.url }
    }
    if (servers.includes('zookeeper')) {
      const zookeeper = await ZookeeperServer.start(keeper, host)
      this.zookeeper = zookeeper
      this.#endings.add(() => zookeeper.stop())
      this.endpoints = { ...this.endpoints, zookeeper: zookeeper.address }
    }
    if (servers.includes('pgbouncer')) {
      const pgbouncer = await startPgBouncer(keeper, this.endpoints.postgres, host)
      this.#endings.add(() => pgbouncer.stop())
      this.endpoints = { ...this.endpoints, pgbouncer: pgbouncer.url }
    }
  }

  async #startRedis(kind: StandKind, count: number): Promise<RedisServer[]> {
    const servers: RedisServer[] = []
    while (servers.length < count) {
      const clock = kind === 'clocks' ? { clock: await Clock.make(this.#keeper) } : {}
      const server = await RedisServer.start({ keeper: this.#keeper, host: this.#host, ...clock })
      this.#endings.add(() => server.stop())
      servers.push(server)
    }
    return servers
  }
}

function hasRedis(servers: readonly ServerKind[]): boolean {
  return servers.includes('redis') || servers.includes('five-redis')
}

/** A network where that is allowed, else proxies. */
async function makeRoad(endings: Endings): Promise<Road> {
  const road = await usableNetwork().catch(() => new Proxies())
  endings.add(() => road.close())
  return road
}

/** Making one and cutting it need different programs. */
async function usableNetwork(): Promise<Road> {
  const network = await Network.make()
  try {
    await network.cut()
    await network.heal()
    return network
  } catch (error) {
    await network.close()
    throw error
  }
}
