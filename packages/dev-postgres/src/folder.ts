import { spawn } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { chown, lstat, mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PostgresStartError, codeOf } from './errors.ts'
import type { Identity } from './identity.ts'
import { canEnter, runAs, spawnAs } from './identity.ts'
import { pipe } from './pipe.ts'

/**
 * Runs beside us and removes the folder when nobody holds the other end of its stdin any more.
 * We hold it, and so does every process of the server: the kernel sees to it that the folder goes last, however we died.
 */
const JANITOR = 'trap "" INT TERM HUP; while read -r _; do :; done; rm -rf -- "$1"'

/** A throw-away folder of the server's user. */
export interface Folder {
  readonly path: string
  /** To be inherited by the server. Absent on Windows. */
  readonly lifeline: Socket | undefined
  /** Once the server has ended. */
  remove(): Promise<void>
}

export async function makeFolder(identity: Identity | null): Promise<Folder> {
  const parent = await temporaryFolder(identity)
  await sweep(parent, identity)
  const path = await mkdtemp(join(parent, `${prefix()}${process.pid}-`))
  if (identity) await chown(path, identity.uid, identity.gid)
  if (process.platform === 'win32') return { path, lifeline: undefined, remove: () => removeTree(path) }
  const janitor = spawn('sh', ['-c', JANITOR, 'sh', path], {
    ...spawnAs(identity),
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const gone = new Promise<void>((resolve) => {
    janitor.once('exit', () => resolve())
    janitor.once('error', () => resolve())
  })
  const lifeline = pipe(janitor.stdin)
  lifeline.on('error', () => {}) // a janitor that was killed: what it left is removed below, or at the next start
  janitor.unref()
  lifeline.unref()
  const remove = async () => {
    janitor.ref()
    lifeline.end()
    await gone
    await removeTree(path)
  }
  return { path, lifeline, remove }
}

/** TMPDIR may be a folder of root that the server's user cannot enter. */
async function temporaryFolder(identity: Identity | null): Promise<string> {
  const candidates = identity ? [tmpdir(), '/tmp', '/var/tmp'] : [tmpdir()]
  for (const folder of candidates) if (await canEnter(identity, folder)) return folder
  const whom = identity ? `user "${identity.name}"` : 'this user'
  throw new PostgresStartError(`${whom} can enter none of ${candidates.join(', ')}: set TMPDIR to a folder open to all`)
}

/**
 * Removes what parents left that died together with their janitor, as when a whole container is killed.
 * As the owner of the folder, never as root in a folder of somebody else, who could swap it for a link meanwhile.
 */
async function sweep(parent: string, identity: Identity | null): Promise<void> {
  for (const name of await readdir(parent).catch(() => [])) {
    const pid = name.startsWith(prefix()) ? Number.parseInt(name.slice(prefix().length), 10) : Number.NaN
    if (Number.isNaN(pid) || isAlive(pid)) continue
    const path = join(parent, name)
    const found = await lstat(path).catch(() => null)
    if (!found?.isDirectory() || (await hasServer(path))) continue
    if (identity && found.uid === identity.uid) await runAs(identity, 'rm', ['-rf', '--', path])
    else if (!identity || found.uid === process.geteuid?.()) await removeTree(path).catch(() => {})
  }
}

/** A process number means something only in its own process namespace, and containers may share a temporary folder. */
function prefix(): string {
  if (process.platform !== 'linux') return 'fencepost-postgres-'
  try {
    return `fencepost-postgres-${readlinkSync('/proc/self/ns/pid').replaceAll(/\D/g, '')}-`
  } catch {
    return 'fencepost-postgres-0-'
  }
}

async function hasServer(folder: string): Promise<boolean> {
  const text = await readFile(join(folder, 'data', 'postmaster.pid'), 'utf8').catch(() => '')
  return text !== '' && isAlive(Number.parseInt(text, 10))
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) !== 'ESRCH'
  }
}

async function removeTree(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 5 })
}
