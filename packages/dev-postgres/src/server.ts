import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Cluster, ClusterOptions } from './cluster.ts'
import { PASSWORD_FILE } from './cluster.ts'
import { PostgresStartError } from './errors.ts'
import { crash, freePort, readPostmaster, send, shutDown } from './postmaster.ts'
import type { Watched } from './watchdog.ts'
import { watch } from './watchdog.ts'

// "connections", or on a standby "read-only connections".
const READY = 'ready to accept '
/** Recovery after a crash is part of a start. */
const START_LIMIT_MS = 120_000
const STRAGGLER_LIMIT_MS = 2000
const FAST_LIMIT_MS = 10_000
const PORT_ATTEMPTS = 5
const LOG_LENGTH = 64 * 1024
// Not synchronous_commit: with it off, commits of the last moment are still in the memory a crash takes away, not with the kernel.
const THROW_AWAY = { fsync: 'off', full_page_writes: 'off' }

export interface PostgresServer extends AsyncDisposable {
  /** Superuser `postgres` with a random password, database `postgres`, on 127.0.0.1. */
  readonly url: string
  readonly port: number
  /** E.g. `18.4`. */
  readonly version: string
  readonly major: number
  readonly data: string
  /** Of the postmaster; another one after a restart. */
  readonly pid: number
  /** Resolves once the server that runs now is gone, be it stopped, restarted, or by itself. */
  readonly ended: () => Promise<void>
  /** The last 64 KiB of the server's log. */
  readonly log: () => string
  /**
   * The same data on the same port. `fast` ends sessions and writes a checkpoint first; `crash` is kill -9 of the postmaster, and the
   * new one starts when all its children are gone (they notice by themselves; after 2 s they are killed too).
   *
   * @throws {PostgresStartError} if it did not come back; `stop()` is still to be called.
   */
  restart(how: 'fast' | 'crash'): Promise<void>
  /** Idempotent. Throw-away data is gone afterwards. A backend that hangs (SIGSTOP) holds this up: 5 s, 15 s with `data`. */
  stop(): Promise<void>
}

interface ServerOptions extends ClusterOptions {
  readonly cluster: Cluster
  readonly port: number | undefined
  readonly listen: readonly string[]
  readonly settings: Readonly<Record<string, string>>
}

/*
 *   start ──▶ up ──restart──▶ down ──▶ up
 *              └───────stop────┴────▶ stopped
 */
export class RunningServer implements PostgresServer {
  readonly #options: ServerOptions
  #port: number
  #run: Watched | undefined
  #pid = 0
  #past = ''
  #turn: Promise<void> = Promise.resolve()
  #stopped: Promise<void> | undefined

  static async start(options: ServerOptions): Promise<RunningServer> {
    const server = new RunningServer(options)
    await server.#launch(options.port === undefined ? freePort : () => Promise.resolve(options.port ?? 0))
    return server
  }

  private constructor(options: ServerOptions) {
    this.#options = options
    this.#port = options.port ?? 0
  }

  get url(): string {
    return urlOf(this.#options.cluster.password, this.#port)
  }
  get port(): number {
    return this.#port
  }
  get version(): string {
    return this.#options.binaries.version
  }
  get major(): number {
    return this.#options.binaries.major
  }
  get data(): string {
    return this.#options.cluster.data
  }
  get pid(): number {
    return this.#pid
  }
  readonly ended = async (): Promise<void> => {
    await this.#run?.ended
  }
  readonly log = (): string => (this.#past + (this.#run?.output() ?? '')).slice(-LOG_LENGTH)

  restart(how: 'fast' | 'crash'): Promise<void> {
    if (this.#stopped) return Promise.reject(new PostgresStartError('the server was stopped: start another one'))
    const turn = this.#turn.then(() => this.#restart(how))
    this.#turn = turn.catch(() => {}) // told to the caller of restart; the next turn starts from where this one ended
    return turn
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#turn.then(() => this.#stop())
    return this.#stopped
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  /** A port found free can be stolen before the server binds it, also while it is down for a restart. */
  async #launch(choosePort: () => Promise<number>): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      this.#port = await choosePort()
      const run = this.#watch()
      if (await isReady(run)) {
        this.#pid = readPostmaster(this.data).pid
        run.hold('unref')
        return
      }
      const log = run.output()
      if (!log.includes('could not bind') || attempt === PORT_ATTEMPTS || this.#options.port !== undefined) {
        throw new PostgresStartError(this.#whyNot(log), log)
      }
      if (this.#pid !== 0) await pause(200)
    }
  }

  #watch(): Watched {
    const { cluster, binaries, listen, settings } = this.#options
    const command = [join(binaries.folder, 'postgres'), '-D', cluster.data]
    // The last one wins: callers may turn fsync on again, but not take away what we read and where we connect.
    const addresses = ['127.0.0.1', ...listen].join()
    const ours = { listen_addresses: addresses, port: String(this.#port), unix_socket_directories: '' }
    const logging = { logging_collector: 'off', log_destination: 'stderr', lc_messages: 'C' }
    const all = { ...(cluster.kept ? {} : THROW_AWAY), ...settings, ...ours, ...logging }
    for (const [name, value] of Object.entries(all)) command.push('-c', `${name}=${value}`)
    this.#past = this.log()
    this.#run = watch(command, {
      ...this.#options,
      signal: cluster.kept ? 'INT' : 'QUIT',
      orphaned: () => shutDown(readPostmaster(cluster.data).pid, 'immediate', binaries.folder),
    })
    return this.#run
  }

  async #restart(how: 'fast' | 'crash'): Promise<void> {
    await this.#bringDown(how)
    await this.#launch(() => Promise.resolve(this.#port))
  }

  async #stop(): Promise<void> {
    this.#run?.hold('ref')
    this.#run?.end()
    await this.#run?.ended
    await this.#options.folder.remove()
  }

  async #bringDown(how: 'fast' | 'crash'): Promise<void> {
    const run = this.#run
    run?.hold('ref')
    // A server that had died before is not signalled: its number may be somebody else's by now.
    if (!run?.isRunning()) return
    const programs = this.#options.binaries.folder
    if (how === 'fast') {
      shutDown(this.#pid, 'fast', programs)
      if (!(await within(FAST_LIMIT_MS, run.ended))) shutDown(this.#pid, 'immediate', programs)
    } else {
      const children = await crash(this.#pid)
      if (!(await within(STRAGGLER_LIMIT_MS, run.ended))) for (const pid of children) send(pid, 'SIGKILL')
    }
    await run.ended
  }

  #whyNot(log: string): string {
    const { data } = this
    if (log.includes('lock file "postmaster.pid" already exists')) {
      const { pid, port } = readPostmaster(data)
      const use = `use it there (its password is in ${join(data, PASSWORD_FILE)}), stop it, or name another data folder`
      return `${data} is served already by process ${pid} on port ${port}: ${use}`
    }
    if (log.includes('could not bind'))
      return `port ${this.#port} of 127.0.0.1 is taken: name another, or none for a free one`
    return `PostgreSQL ${this.version} did not start on ${data}`
  }
}

export function urlOf(password: string, port: number): string {
  return `postgres://postgres:${password}@127.0.0.1:${port}/postgres`
}

async function isReady(run: Watched): Promise<boolean> {
  const answer = await within(START_LIMIT_MS, run.says(READY))
  if (answer?.value) return true
  run.end()
  await run.ended
  return false
}

/** `undefined` if it took longer. */
async function within<T>(limitMs: number, work: Promise<T>): Promise<{ value: T } | undefined> {
  const timer = new AbortController()
  const late = pause(limitMs, undefined, { signal: timer.signal }).catch(() => undefined)
  const result = await Promise.race([work.then((value) => ({ value })), late])
  timer.abort()
  return result
}
