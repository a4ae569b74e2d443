import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const HERE = fileURLToPath(new URL('../../peers/', import.meta.url))
/** Ignored by git, and gone when the package is installed anew. */
const PLACES = fileURLToPath(new URL('../../node_modules/', import.meta.url))
const FILES = ['package.json', 'package-lock.json']
const INSTALL = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--fetch-retries=2']

/**
 * Installs the packages that contenders use, once, where nobody else finds them.
 *
 * @param say hears that it has to be done
 * @returns the folder they are in
 * @throws {Error} if npm failed; nothing is left then
 */
export async function installPeers(say: (text: string) => void): Promise<string> {
  const lock = await readFile(join(HERE, 'package-lock.json'))
  const place = join(PLACES, `.lab-peers-${createHash('sha256').update(lock).digest('hex').slice(0, 12)}`)
  if (existsSync(place)) return place
  say('installs what it compares with (needs the network this once)')
  await mkdir(PLACES, { recursive: true })
  const making = await mkdtemp(join(PLACES, '.lab-making-'))
  try {
    for (const file of FILES) await copyFile(join(HERE, file), join(making, file))
    await npm(making)
    // Whole or not at all. Another lab may have been faster.
    await rename(making, place).catch((error: unknown) => {
      if (!existsSync(place)) throw error
    })
    return place
  } finally {
    await rm(making, { recursive: true, force: true })
  }
}

async function npm(cwd: string): Promise<void> {
  const running = process.env['npm_execpath']
  const [command, args] = running?.endsWith('npm-cli.js') ? [process.execPath, [running]] : ['npm', []]
  const child = spawn(command, [...args, ...INSTALL], { cwd, stdio: ['ignore', 2, 2] })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`npm ci of what the lab compares with ended with ${code}; what it said stands above`)
}
