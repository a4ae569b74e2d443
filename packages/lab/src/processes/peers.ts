import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const HERE = fileURLToPath(new URL('../../peers/', import.meta.url))
/** Ignored by git, and gone when the package is installed anew. */
const PLACES = fileURLToPath(new URL('../../node_modules/', import.meta.url))
const FILES = ['package.json', 'package-lock.json']
const INSTALL = [
  'ci',
  '--ignore-scripts',
  '--no-audit',
  '--no-fund',
  '--loglevel=error',
  // npm's own waits between tries add up to minutes where there is no network at all.
  '--fetch-retries=2',
  '--fetch-retry-mintimeout=1000',
  '--fetch-retry-maxtimeout=5000',
]
const MAKING = '.lab-making-'
/** Nobody installs for so long: what was killed has left it. */
const LEFT_MS = 3_600_000

/**
 * Installs the packages that contenders use, once, where nobody else finds them.
 *
 * @param say hears that it has to be done
 * @param signal ends it
 * @returns the folder they are in
 * @throws {Error} if npm failed; nothing is left then
 */
export async function installPeers(say: (text: string) => void, signal: AbortSignal): Promise<string> {
  const lock = await readFile(join(HERE, 'package-lock.json'))
  const place = join(PLACES, `.lab-peers-${createHash('sha256').update(lock).digest('hex').slice(0, 12)}`)
  if (existsSync(place)) return place
  say('installs what it compares with (needs the network this once)')
  const making = await makeFolder()
  try {
    for (const file of FILES) await copyFile(join(HERE, file), join(making, file))
    await npm(making, signal)
    // Others than who installs it may run it.
    await chmod(making, 0o755)
    // Whole or not at all. Another lab may have been faster.
    await rename(making, place).catch((error: unknown) => {
      if (!existsSync(place)) throw error
    })
    return place
  } finally {
    await rm(making, { recursive: true, force: true })
  }
}

/** The names of the packages that are installed. */
export async function peerNames(): Promise<string[]> {
  const { dependencies } = JSON.parse(await readFile(join(HERE, 'package.json'), 'utf8')) as { dependencies: object }
  return Object.keys(dependencies)
}

async function makeFolder(): Promise<string> {
  try {
    await mkdir(PLACES, { recursive: true })
    await removeLeft()
    return await mkdtemp(join(PLACES, MAKING))
  } catch (error) {
    const why = `${PLACES} cannot be written to: run the lab once as its owner, who then installs what it compares with`
    throw new Error(why, { cause: error })
  }
}

async function removeLeft(): Promise<void> {
  for (const name of await readdir(PLACES)) {
    const path = join(PLACES, name)
    if (!name.startsWith(MAKING) || Date.now() - (await stat(path)).mtimeMs < LEFT_MS) continue
    await rm(path, { recursive: true, force: true })
  }
}

async function npm(cwd: string, signal: AbortSignal): Promise<void> {
  const running = process.env['npm_execpath']
  const [command, args] = running?.endsWith('npm-cli.js') ? [process.execPath, [running]] : ['npm', []]
  const child = spawn(command, [...args, ...INSTALL], { cwd, stdio: ['ignore', 2, 2] })
  const stop = () => child.kill()
  signal.addEventListener('abort', stop)
  const [code] = await once(child, 'exit').finally(() => signal.removeEventListener('abort', stop))
  signal.throwIfAborted()
  if (code !== 0) throw new Error(`npm ci of what the lab compares with ended with ${code}; what it said stands above`)
}
