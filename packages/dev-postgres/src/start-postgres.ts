import { isIP } from 'node:net'
import { join, resolve } from 'node:path'
import { usableBinaries } from './binaries/usable-binaries.ts'
import { admitOthers, openCluster, PASSWORD_FILE, readPassword } from './cluster.ts'
import { isAlive, makeFolder } from './folder.ts'
import { serverIdentity } from './identity.ts'
import { readPostmaster } from './postmaster.ts'
import type { PostgresServer } from './server.ts'
import { RunningServer, urlOf } from './server.ts'

export interface PostgresOptions {
  /** Folder with `postgres` and `initdb`. Default: the npm package for this platform. */
  readonly binaries?: string
  /** Folder that keeps the data: fsync stays on and the folder survives. Default: a throw-away folder with fsync off. */
  readonly data?: string
  /** Default: a free port. */
  readonly port?: number
  /** Addresses of this machine to listen on besides 127.0.0.1; whoever comes from elsewhere needs the password too. */
  readonly listen?: readonly string[]
  /** Passed as -c name=value, e.g. `{ max_prepared_transactions: '10' }`. */
  readonly settings?: Readonly<Record<string, string>>
}

/**
 * Starts a PostgreSQL of its own on 127.0.0.1; as root, it runs as `postgres`, `nobody` or the first other user.
 * It ends with this process, however that ends, and does not keep it from ending.
 *
 * @throws {PostgresUnavailableError} if there are no binaries that run here.
 * @throws {PostgresStartError} if they did not start: the data folder belongs to another major or user or is served already, the
 *   port is taken, a setting is unknown. Nothing runs then.
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  check(options)
  const identity = await serverIdentity()
  const binaries = await usableBinaries(options.binaries, identity)
  const folder = await makeFolder(identity)
  try {
    const cluster = await openCluster(options.data, { binaries, identity, folder })
    const { port, listen = [], settings = {} } = options
    if (listen.length > 0) await admitOthers(cluster)
    return await RunningServer.start({ binaries, identity, folder, cluster, port, listen, settings })
  } catch (error) {
    await folder.remove()
    throw error
  }
}

/** A server that serves a data folder, started by whomever. It ends with the process that started it. */
export interface FoundServer {
  readonly url: string
  readonly port: number
  /** Of the postmaster. */
  readonly pid: number
  readonly data: string
}

/**
 * Who serves a data folder that `startPostgres` made, by its pid file; null: nobody. The file of a machine that crashed may name a
 * process that is somebody else's by now: a login with the password in `url` tells.
 */
export async function findPostgres(data: string): Promise<FoundServer | null> {
  const folder = resolve(data)
  const { pid, port } = readPostmaster(folder)
  if (pid <= 0 || port <= 0 || !isAlive(pid)) return null
  const password = await readPassword(join(folder, PASSWORD_FILE)).catch(() => null)
  return password === null ? null : { url: urlOf(password, port), port, pid, data: folder }
}

function check({ port, listen, settings }: PostgresOptions): void {
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536)) {
    throw new TypeError(`port must be a whole number from 1 to 65535, not ${port}`)
  }
  for (const address of listen ?? []) {
    if (isIP(address) === 0) throw new TypeError(`"${address}" is not an address to listen on, e.g. '192.0.2.1'`)
  }
  for (const [name, value] of Object.entries(settings ?? {})) {
    if (!/^\w+(\.\w+)?$/.test(name)) throw new TypeError(`"${name}" is not the name of a setting`)
    if (typeof value !== 'string') throw new TypeError(`setting ${name} must be a string, e.g. '10' or '5s'`)
  }
}
