import { chmod, readFile, readdir, stat, symlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { codeOf } from '../errors.ts'

/**
 * `native` is a package's folder of bin, lib and share, with a list of the links that npm cannot pack.
 * Makes the links the package's install script would have made.
 * Where we may not write, the probe that follows finds out.
 */
export async function linkLibraries(native: string): Promise<void> {
  const links: { source: string; target: string }[] = JSON.parse(
    await readFile(join(native, 'pg-symlinks.json'), 'utf8'),
  )
  try {
    for (const { source, target } of links) {
      await symlink(basename(source), join(dirname(native), target)).catch(unless('EEXIST'))
    }
    for (const name of await readdir(join(native, 'bin'))) await makeExecutable(join(native, 'bin', name))
  } catch (error) {
    unless('EACCES', 'EPERM', 'EROFS')(error)
  }
}

async function makeExecutable(path: string): Promise<void> {
  const { mode } = await stat(path)
  if ((mode & 0o111) !== 0o111) await chmod(path, 0o755)
}

/** For `catch`: lets these pass. */
export function unless(...codes: string[]): (error: unknown) => void {
  return (error) => {
    if (!codes.includes(codeOf(error))) throw error
  }
}
