import { createHash } from 'node:crypto'
import { chmod, cp, lstat, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { PostgresUnavailableError } from '../errors.ts'
import type { Identity } from '../identity.ts'
import { canEnter } from '../identity.ts'
import { linkLibraries, unless } from './links.ts'

/** Written last into a copy: without it the copy was interrupted. */
const DONE = '.ok'

/**
 * A copy the identity can read and only we can write, made once per package and kept: about 60 MB.
 * A copy appears by a rename, so starts at the same time never see half of one.
 */
export async function privateCopy(native: string, identity: Identity | null): Promise<string> {
  const { mtimeMs, size } = await stat(join(native, 'bin', 'postgres'))
  const key = createHash('sha256').update(`${native}\n${mtimeMs}\n${size}`).digest('hex').slice(0, 16)
  const cache = await cacheFolder(identity)
  const copy = join(cache, key, 'native')
  if (await exists(join(cache, key, DONE))) return copy
  const making = await mkdtemp(join(cache, `${key}-`))
  try {
    await cp(native, join(making, 'native'), { recursive: true, verbatimSymlinks: true })
    await linkLibraries(join(making, 'native'))
    await openForReading(making)
    await writeFile(join(making, DONE), '')
    await settle(making, join(cache, key))
  } finally {
    await rm(making, { recursive: true, force: true })
  }
  return copy
}

/** Somebody else may have made the same copy meanwhile, or a cleaner of temporary files may have thinned an old one out. */
async function settle(making: string, copy: string): Promise<void> {
  await rename(making, copy).catch(unless('EEXIST', 'ENOTEMPTY'))
  if (await exists(join(copy, DONE))) return
  await rm(copy, { recursive: true, force: true })
  await rename(making, copy)
}

/** The name can be guessed, so the folder is used only if nobody else could have put anything into it. */
async function cacheFolder(identity: Identity | null): Promise<string> {
  const refused: string[] = []
  for (const parent of cacheParents(identity)) {
    const folder = join(parent, `fencepost-postgres-${process.geteuid?.() ?? 0}`)
    const made = await mkdir(folder, { recursive: true, mode: 0o755 }).catch(() => undefined)
    // mkdir is subject to the umask; a folder that was there before keeps its mode and is judged by it.
    if (made !== undefined) await chmod(folder, 0o755)
    const found = await lstat(folder).catch(() => null)
    const ours = found?.isDirectory() && found.uid === process.geteuid?.() && (found.mode & 0o022) === 0
    if (ours && (await canEnter(identity, folder))) return folder
    refused.push(folder)
  }
  throw new PostgresUnavailableError(
    `PostgreSQL must be copied to where it can be run, and no folder for the copy is ours alone (tried ${refused.join(', ')})`,
  )
}

function cacheParents(identity: Identity | null): string[] {
  // Root's own cache is in a home others may not enter; /var/cache is writable by root alone.
  return identity
    ? ['/var/cache', tmpdir(), '/tmp']
    : [process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), tmpdir()]
}

/** The umask npm ran under may have kept the package to its owner. */
async function openForReading(folder: string): Promise<void> {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await openForReading(path)
    else if (entry.isFile()) await chmod(path, basename(folder) === 'bin' ? 0o755 : 0o644)
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
