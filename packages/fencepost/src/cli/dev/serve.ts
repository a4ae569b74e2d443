import type { PostgresServer } from '@fencepost/dev-postgres'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { CommandError, ExitCode } from '../exit-code.ts'
import { loadDevPostgres } from '../load-dev-postgres.ts'
import { paint } from '../paint.ts'
import { printJson } from '../show/json.ts'
import { keptFolder, lastPort } from './project-folder.ts'
import { runProgram } from './run-program.ts'

export interface ServeOptions {
  readonly data?: string
  readonly port?: number
  readonly binaries?: string
  readonly json?: boolean
}

/** A server to use, and how to be done with it. */
interface Served extends AsyncDisposable {
  readonly url: string
  readonly port: number
  readonly pid: number
  readonly data: string
  /** Whether it was there already. */
  readonly reused: boolean
  readonly version: string
  /** Resolves once it is gone; never for one that was there. */
  readonly ended: Promise<void>
}

type DevPostgres = Awaited<ReturnType<typeof loadDevPostgres>>

const JOIN_MS = 10_000
const LOOK_MS = 200
const STOPS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Serves until a signal, or runs a program beside it; returns the exit code. */
export async function serve(command: readonly string[], options: ServeOptions): Promise<number> {
  const stopped = new AbortController()
  const stop = () => stopped.abort()
  for (const signal of STOPS) process.on(signal, stop)
  try {
    await using server = await openServer(options)
    tell(server, command, options)
    if (stopped.signal.aborted) return ExitCode.fine
    if (command.length > 0) return await runProgram(command, { DATABASE_URL: server.url })
    if (!server.reused) await untilOver(server, stopped.signal)
    return ExitCode.fine
  } finally {
    for (const signal of STOPS) process.off(signal, stop)
  }
}

async function openServer(options: ServeOptions): Promise<Served> {
  const library = await loadDevPostgres('dev starts a PostgreSQL with a package of its own', 'use a server of yours')
  const data = options.data ?? (await keptFolder())
  const found = (await findServer(library, data)) ?? (await startOrJoin(library, data, options))
  if (!found.reused) return found
  if (options.port === undefined || options.port === found.port) return found
  throw new CommandError(
    `${data} is served already on port ${found.port}: stop that, or leave out --port`,
    ExitCode.usage,
  )
}

/** One that serves this folder now, and lets us in with its password. */
async function findServer({ findPostgres }: DevPostgres, data: string): Promise<Served | null> {
  const found = await findPostgres(data)
  if (found === null) return null
  const client = new pg.Client({ connectionString: found.url, connectionTimeoutMillis: 5000 })
  client.on('error', () => {})
  try {
    await client.connect()
    const { rows } = await client.query<{ version: string }>(`select current_setting('server_version') as version`)
    const version = rows[0]?.version ?? ''
    return { ...found, reused: true, version, ended: new Promise(() => {}), [Symbol.asyncDispose]: async () => {} }
  } catch {
    // The file of a server that is gone: starting one tells.
    return null
  } finally {
    await client.end().catch(() => {})
  }
}

/** Another `dev` may have begun with this folder a moment ago: then its server is ours, too, once it is there. */
async function startOrJoin(library: DevPostgres, data: string, options: ServeOptions): Promise<Served> {
  try {
    return ours(await start(library, data, options))
  } catch (error) {
    if (!/ is served already by | is not empty and /.test((error as Error).message)) throw error
    for (const end = performance.now() + JOIN_MS; performance.now() < end;) {
      const found = await findServer(library, data)
      if (found !== null) return found
      await pause(LOOK_MS)
    }
    throw error
  }
}

/** On the port of the last time, so that what was written down stays true, unless somebody else has that by now. */
async function start({ startPostgres }: DevPostgres, data: string, options: ServeOptions): Promise<PostgresServer> {
  const { binaries, port } = options
  const wanted = { data, ...(binaries !== undefined && { binaries }) }
  const last = port ?? (await lastPort(data))
  if (last === undefined) return await startPostgres(wanted)
  try {
    return await startPostgres({ ...wanted, port: last })
  } catch (error) {
    if (port !== undefined || !(error as Error).message.startsWith(`port ${last} `)) throw error
    process.stderr.write(`port ${last}, the one of the last time, is taken: another is used\n`)
    return await startPostgres(wanted)
  }
}

function ours(server: PostgresServer): Served {
  const { url, port, pid, data, version } = server
  return {
    url,
    port,
    pid,
    data,
    version,
    reused: false,
    ended: server.ended(),
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

function tell(server: Served, command: readonly string[], { json }: ServeOptions): void {
  const { url, port, pid, data, version, reused } = server
  const what = reused ? `runs already, as process ${pid}` : `runs as process ${pid}`
  const end = command.length > 0 ? '' : reused ? '; it ends with what started it' : '; Ctrl-C stops it'
  process.stderr.write(
    paint('dim', `PostgreSQL ${version} ${what} on 127.0.0.1:${port}, data in ${data}${end}\n`, process.stderr),
  )
  if (json) printJson({ url, port, pid, data, version, reused })
  // The program has it in its environment, and stdout is its own.
  else if (command.length === 0) process.stdout.write(`DATABASE_URL=${url}\n`)
}

/** @throws {CommandError} if the server ends by itself. */
async function untilOver({ ended, data }: Served, stopped: AbortSignal): Promise<void> {
  // Nothing else keeps us: the server ends with us, and not the other way round.
  const alive = setInterval(() => {}, 2 ** 30)
  try {
    const asked = new Promise<true>((resolve) => stopped.addEventListener('abort', () => resolve(true), { once: true }))
    const isAsked = await Promise.race([asked, ended.then(() => false)])
    if (!isAsked) throw new CommandError(`the server of ${data} ended by itself; start it again`, ExitCode.unreachable)
  } finally {
    clearInterval(alive)
  }
}
