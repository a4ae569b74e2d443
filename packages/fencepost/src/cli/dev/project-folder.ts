import { existsSync } from 'node:fs'
import { access, constants, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

/** The folder of the nearest package.json upwards, else where we are. */
export function projectFolder(from = process.cwd()): string {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder
    if (folder === dirname(folder)) return resolve(from)
  }
}

/** Where a project keeps its development server, which git is told to leave alone. */
export async function keptFolder(): Promise<string> {
  const folder = join(projectFolder(), '.fencepost')
  await mkdir(folder, { recursive: true })
  const ignore = join(folder, '.gitignore')
  await access(ignore, constants.F_OK).catch(() => writeFile(ignore, '*\n'))
  return join(folder, 'postgres')
}

/** The port a server of this folder had the last time, by the command line it was started with. */
export async function lastPort(data: string): Promise<number | undefined> {
  const text = await readFile(join(data, 'postmaster.opts'), 'utf8').catch(() => '')
  const [, port] = /"port=(\d+)"/.exec(text) ?? []
  return port === undefined ? undefined : Number(port)
}
