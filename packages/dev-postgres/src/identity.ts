import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access, readFile } from 'node:fs/promises'
import { PostgresUnavailableError } from './errors.ts'

/** Whom the server runs as. PostgreSQL refuses to run as root, so root runs it as somebody else. */
export interface Identity {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

export interface Outcome {
  /** Exit code, or what kept the program from running, e.g. 'EACCES'. */
  readonly status: number | string
  readonly stdout: string
  readonly stderr: string
}

/** `null` if the server runs as we do. */
export async function serverIdentity(): Promise<Identity | null> {
  if (process.geteuid?.() !== 0) return null
  const identity = chooseIdentity(await readFile('/etc/passwd', 'utf8').catch(() => ''))
  if (identity) return identity
  throw new PostgresUnavailableError(
    'PostgreSQL refuses to run as root, and /etc/passwd names no other user to run it as',
  )
}

/** From the text of an /etc/passwd. initdb looks its own user up by number, so a user without an entry will not do. */
export function chooseIdentity(passwd: string): Identity | null {
  const users = passwd.split('\n').flatMap((line) => {
    const [name, , uid, gid] = line.split(':')
    return name && Number(uid) > 0 && Number(gid) > 0 ? [{ name, uid: Number(uid), gid: Number(gid) }] : []
  })
  const called = (name: string) => users.find((user) => user.name === name)
  return called('postgres') ?? called('_postgres') ?? called('nobody') ?? users[0] ?? null
}

/** Options for every program we start. Nothing of our environment reaches the server: PGDATA or LD_LIBRARY_PATH would change it. */
export function spawnAs(identity: Identity | null) {
  const base =
    process.platform === 'win32'
      ? { ...process.env }
      : { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }
  return { ...(identity && { uid: identity.uid, gid: identity.gid }), env: base, cwd: rootFolder() }
}

/** Runs a program to its end as that user. Never throws: a program that cannot be run is an outcome too. */
export function runAs(identity: Identity | null, command: string, args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(command, [...args], spawnAs(identity), (error, stdout, stderr) =>
      resolve({
        status: error ? (error.code ?? String(error.signal)) : 0,
        stdout,
        stderr: stderr || (error?.message ?? ''),
      }),
    )
  })
}

/** Asked of the system as that user, not worked out from mode bits: parents, access lists and mounts all count. */
export async function canEnter(identity: Identity | null, folder: string): Promise<boolean> {
  if (identity) return (await runAs(identity, 'sh', ['-c', 'cd -- "$1"', 'sh', folder])).status === 0
  return access(folder, constants.X_OK).then(
    () => true,
    () => false,
  )
}

/** A child inherits our working folder, and a user who may not enter it cannot run anything there. */
function rootFolder(): string {
  return process.platform === 'win32' ? (process.env['SystemDrive'] ?? 'C:') + '\\' : '/'
}
