import { type PostgresServer, startPostgres } from '@fencepost/dev-postgres'
import { execFile } from 'node:child_process'
import { chmod, chown, mkdtemp, rm, stat, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { eventually } from './eventually.ts'
import { killServer } from './processes.ts'

export interface PairOptions {
  /** Of another major than the one from npm. */
  readonly binaries?: string | undefined
  /** Whether a commit on the primary waits until the standby has it. */
  readonly isSynchronous?: boolean
}

const STANDBY = 'standby'
// A crash of the machine is not what is tried here.
const SETTINGS = { fsync: 'off', full_page_writes: 'off', shared_buffers: '16MB', min_wal_size: '32MB' }

/**
 * A primary and the standby that follows it.
 *
 *   primary ──streams──▶ standby        promote(): the standby takes writes, whether the primary lives or not
 *   killPrimary(), promote(), renew(): the promoted one is the primary now, of a new standby that is a copy of it
 */
export class Pair implements AsyncDisposable {
  primary!: PostgresServer
  standby!: PostgresServer
  readonly #options: PairOptions
  readonly #folder: string
  #count = 0
  /** Of the primary's process that sends to the standby, once that was stopped. */
  #stopped: number | undefined

  static async start(options: PairOptions = {}): Promise<Pair> {
    const folder = await mkdtemp(join(tmpdir(), 'fencepost-pair-'))
    // The servers may run as somebody else.
    await chmod(folder, 0o755)
    const pair = new Pair(options, folder)
    const first = await pair.#serve(pair.#path(0))
    await first.stop()
    await pair.#launch()
    return pair
  }

  private constructor(options: PairOptions, folder: string) {
    this.#options = options
    this.#folder = folder
  }

  /** From now on nothing that the primary writes reaches the standby. */
  async cutOff(): Promise<void> {
    const { rows } = await ask<{ pid: number }>(this.primary.url, 'select pid from pg_stat_replication')
    this.#stopped = rows[0]?.pid
    if (this.#stopped === undefined) throw new Error('no standby follows')
    process.kill(this.#stopped, 'SIGSTOP')
  }

  /** kill -9 of all its processes. */
  killPrimary(): void {
    killServer(this.primary.pid)
    this.#stopped = undefined
  }

  /** Resolves as soon as the standby takes writes; the old primary is left as it is. */
  async promote(): Promise<void> {
    const client = new pg.Client(this.standby.url)
    await client.connect()
    await client.query('select pg_promote(wait => false)')
    await eventually(async () => {
      const { rows } = await client.query<{ is: boolean }>('select pg_is_in_recovery() as is')
      return rows[0]?.is === false
    })
    await client.end()
  }

  /** After a promotion: the promoted one gets a standby of its own, and the old primary is thrown away. */
  async renew(): Promise<void> {
    await this.primary.stop()
    await this.standby.stop()
    await rm(this.#path(this.#count), { recursive: true })
    this.#count++
    // The settings of the one that followed were given to its process; only these two are in its folder.
    await unlink(join(this.#path(this.#count), 'standby.signal')).catch(() => {})
    await this.#launch()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#stopped !== undefined) process.kill(this.#stopped, 'SIGCONT')
    await this.standby?.stop()
    await this.primary?.stop()
    await rm(this.#folder, { recursive: true })
  }

  async #launch(): Promise<void> {
    const [here, there] = [this.#path(this.#count), this.#path(this.#count + 1)]
    await copyCluster(here, there)
    this.primary = await this.#serve(
      here,
      this.#options.isSynchronous === true ? { synchronous_standby_names: STANDBY } : {},
    )
    this.standby = await this.#serve(there, { primary_conninfo: connectionOf(this.primary.url) })
    const follows = `select from pg_stat_replication where state = 'streaming' and sync_state = $1`
    const state = this.#options.isSynchronous === true ? 'sync' : 'async'
    await eventually(async () => (await ask(this.primary.url, follows, [state])).rowCount)
  }

  async #serve(data: string, settings: Record<string, string> = {}): Promise<PostgresServer> {
    const { binaries } = this.#options
    return await startPostgres({
      ...(binaries === undefined ? {} : { binaries }),
      data,
      settings: { ...SETTINGS, ...settings },
    })
  }

  #path(count: number): string {
    return join(this.#folder, String(count))
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

async function ask<Row extends pg.QueryResultRow>(url: string, text: string, values: unknown[] = []) {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return await client.query<Row>(text, values)
  } finally {
    await client.end()
  }
}
