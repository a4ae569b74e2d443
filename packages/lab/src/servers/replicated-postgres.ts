import { execFile } from 'node:child_process'
import { chown, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type PostgresServer, startPostgres } from '@fencepost/dev-postgres'
import pg from 'pg'
import type { Endings } from '../processes/endings.ts'
import { killServer } from '../processes/kill-server.ts'
import { Proxy } from './roads/proxy.ts'

const STANDBY = 'standby'
// A crash of the machine is not what is tried here.
const SETTINGS = { fsync: 'off', full_page_writes: 'off', shared_buffers: '16MB', min_wal_size: '32MB' }
const LIMIT_MS = 30_000

/** A primary, the standby that follows it asynchronously, and one address at which whichever is the primary is found. */
export class ReplicatedPostgres {
  /** Of the primary, as the applications know it. */
  readonly url: string
  readonly primary: PostgresServer
  readonly #standby: PostgresServer
  readonly #address: Proxy

  static async start(folder: string, endings: Endings): Promise<ReplicatedPostgres> {
    const [here, there] = [join(folder, 'primary'), join(folder, 'standby')]
    const first = await startPostgres({ data: here, settings: SETTINGS })
    await first.stop()
    await copyCluster(here, there)
    const primary = await startPostgres({ data: here, settings: SETTINGS })
    endings.add(() => primary.stop())
    const standby = await startPostgres({
      data: there,
      settings: { ...SETTINGS, primary_conninfo: connectionOf(primary.url) },
    })
    endings.add(() => standby.stop())
    const address = await Proxy.start('127.0.0.1', primary.port)
    endings.add(() => address.close())
    await until(primary.url, `select from pg_stat_replication where state = 'streaming'`)
    return new ReplicatedPostgres(primary, standby, address)
  }

  private constructor(primary: PostgresServer, standby: PostgresServer, address: Proxy) {
    this.primary = primary
    this.#standby = standby
    this.#address = address
    this.url = Object.assign(new URL(primary.url), { port: String(address.port) }).href
  }

  /** kill -9 of the primary once the standby has all it wrote, then the standby takes writes, and is found where the primary was. */
  async failOver(): Promise<void> {
    await until(this.primary.url, 'select from pg_stat_replication where replay_lsn >= pg_current_wal_lsn()')
    killServer(this.primary.pid)
    this.#address.turnTo('127.0.0.1', this.#standby.port)
    await ask(this.#standby.url, 'select pg_promote(wait => false)')
    await until(this.#standby.url, 'select where not pg_is_in_recovery()')
  }
}

/** A cluster at rest, with all it has, as one that follows it. */
async function copyCluster(from: string, to: string): Promise<void> {
  await promisify(execFile)('cp', ['-a', from, to])
  const { uid, gid } = await stat(from)
  await writeFile(join(to, 'standby.signal'), '')
  await chown(join(to, 'standby.signal'), uid, gid)
}

function connectionOf(url: string): string {
  const { hostname, port, username, password } = new URL(url)
  return `host=${hostname} port=${port} user=${username} password=${password} application_name=${STANDBY}`
}

/** Asks until there is a row. */
async function until(url: string, question: string): Promise<void> {
  for (const end = performance.now() + LIMIT_MS; ;) {
    if ((await ask(url, question)).rowCount) return
    if (performance.now() > end) throw new Error(`not within ${LIMIT_MS} ms: ${question}`)
    await pause(20)
  }
}

async function ask(url: string, text: string) {
  const limits = { connectionTimeoutMillis: LIMIT_MS, query_timeout: LIMIT_MS }
  const client = new pg.Client({ connectionString: url, ...limits })
  client.on('error', () => {})
  await client.connect()
  try {
    return await client.query(text)
  } finally {
    await client.end()
  }
}
