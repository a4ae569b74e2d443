import { randomBytes } from 'node:crypto'
import { chown, mkdir, open, readFile, readdir, rm, stat } from 'node:fs/promises'
import { constants } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Binaries } from './binaries/usable-binaries.ts'
import { PostgresStartError } from './errors.ts'
import type { Folder } from './folder.ts'
import type { Identity } from './identity.ts'
import { canEnter } from './identity.ts'
import { watch } from './watchdog.ts'

/** In the data folder, so that the two are moved and removed together; PostgreSQL does not mind files it does not know. */
export const PASSWORD_FILE = 'fencepost-password'

/** The folder belongs to the server's user, and we may be root. */
const NOFOLLOW = constants.O_NOFOLLOW ?? 0

/** A data folder and the password of its superuser `postgres`. */
export interface Cluster {
  readonly data: string
  readonly password: string
  /** Whether the data is meant to survive. */
  readonly kept: boolean
}

export interface ClusterOptions {
  readonly binaries: Binaries
  readonly identity: Identity | null
  readonly folder: Folder
}

/** Opens the caller's data folder, or makes one: there if it is missing or empty, in the throw-away folder if `wanted` is undefined. */
export async function openCluster(wanted: string | undefined, options: ClusterOptions): Promise<Cluster> {
  if (wanted === undefined) return makeCluster(join(options.folder.path, 'data'), false, options)
  const data = resolve(wanted)
  await mkdir(data, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    throw new PostgresStartError(`${data} cannot be made: name a folder you may write to`, '', { cause })
  })
  const names = await readdir(data)
  if (names.length === 0) return makeKeptCluster(data, options)
  if (!names.includes('PG_VERSION')) {
    throw new PostgresStartError(
      `${data} is not empty and not a PostgreSQL data folder: name an empty or missing folder`,
    )
  }
  await refuseOtherMajor(data, options.binaries)
  await refuseOtherOwner(data, options.identity)
  if (!names.includes(PASSWORD_FILE)) {
    const why = `${data} has no ${PASSWORD_FILE}: it was made by something else, or its making was interrupted`
    throw new PostgresStartError(`${why}. Name another folder, or remove this one if nothing in it matters`)
  }
  return { data, password: await readPassword(join(data, PASSWORD_FILE)), kept: true }
}

/** initdb admits nobody from elsewhere. Once is enough, also for data that is kept. */
export async function admitOthers({ data }: Cluster): Promise<void> {
  const entry = 'host all all all scram-sha-256 # for startPostgres({ listen })\n'
  await using file = await open(join(data, 'pg_hba.conf'), constants.O_RDWR | constants.O_APPEND | NOFOLLOW)
  if (!(await file.readFile('utf8')).includes(entry)) await file.appendFile(entry)
}

async function makeKeptCluster(data: string, options: ClusterOptions): Promise<Cluster> {
  const { identity } = options
  if (identity) await chown(data, identity.uid, identity.gid)
  await refuseUnreachable(data, identity)
  const cluster = await makeCluster(data, true, options)
  await writePassword(join(data, PASSWORD_FILE), cluster.password, identity)
  return cluster
}

async function makeCluster(data: string, kept: boolean, options: ClusterOptions): Promise<Cluster> {
  const { binaries, identity, folder } = options
  const password = randomBytes(18).toString('base64url')
  const passwordFile = join(folder.path, 'password')
  await writePassword(passwordFile, password, identity)
  const command = [join(binaries.folder, 'initdb'), '-D', data, '-U', 'postgres', '-E', 'UTF8', '--locale=C']
  command.push('--auth=scram-sha-256', `--pwfile=${passwordFile}`)
  if (!kept) command.push('--no-sync')
  if (binaries.major >= 14) command.push('--no-instructions')
  if (binaries.major >= 17) command.push('--locale-provider=builtin', '--builtin-locale=C.UTF-8')
  // INT: initdb then removes what it has made so far.
  const initdb = watch(command, { identity, folder, signal: 'INT' })
  const status = await initdb.ended
  await rm(passwordFile, { force: true })
  if (status !== 0) throw new PostgresStartError(`initdb of ${data} failed (${status})`, initdb.output())
  return { data, password, kept }
}

async function refuseOtherMajor(data: string, { major, folder }: Binaries): Promise<void> {
  const other = (await readFile(join(data, 'PG_VERSION'), 'utf8')).trim()
  if (other === String(major)) return
  throw new PostgresStartError(
    `${data} belongs to PostgreSQL ${other}, and ${folder} is ${major}: pass { binaries } of ${other}, or name another data folder`,
  )
}

async function refuseOtherOwner(data: string, identity: Identity | null): Promise<void> {
  const uid = identity?.uid ?? process.geteuid?.()
  const owner = (await stat(data)).uid
  if (uid !== undefined && owner !== uid) {
    const whom = identity ? `user "${identity.name}" (uid ${uid}), whom root runs it as` : `uid ${uid}`
    throw new PostgresStartError(
      `${data} belongs to uid ${owner}, and the server runs as ${whom}: chown -R it, or name another`,
    )
  }
  await refuseUnreachable(data, identity)
}

async function refuseUnreachable(data: string, identity: Identity | null): Promise<void> {
  if (await canEnter(identity, data)) return
  const whom = identity ? `user "${identity.name}", whom root runs PostgreSQL as,` : 'this user'
  throw new PostgresStartError(
    `${whom} cannot enter ${data}: open its parent folders (chmod o+x) or name a folder elsewhere`,
  )
}

/** A new file: never follows a link either. */
async function writePassword(path: string, password: string, identity: Identity | null): Promise<void> {
  await using file = await open(path, 'wx', 0o600)
  await file.writeFile(password + '\n')
  if (identity) await file.chown(identity.uid, identity.gid)
}

/** Of the superuser of a folder that is kept. */
export async function readPassword(path: string): Promise<string> {
  await using file = await open(path, constants.O_RDONLY | NOFOLLOW)
  return (await file.readFile('utf8')).trim()
}
