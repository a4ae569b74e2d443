import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { freePort } from './free-port.js'

const PROGRAM = 'redis-server'
const READY = 'Ready to accept connections'
const ATTEMPTS = 5
/** Writes nothing to disk. */
export const IN_MEMORY = ['--save', '', '--appendonly', 'no']
/** As it is without a configuration: a snapshot now and then. @type {string[]} */
export const DEFAULTS = []
/**
 * Starts the server, waits until nobody holds the other end of stdin any more, which is so however we died, and ends it by
 * its id. Ctrl-C reaches the whole group, so it is for us to act on.
 */
const KEEPER =
  'trap "" INT; folder=$1; shift; "$@" & server=$!; cat >/dev/null; { kill -9 $server; wait $server; } 2>/dev/null; rm -rf -- "$folder"'

/** @returns {Promise<string | null>} null if it is not installed */
export async function redisVersion() {
  const { stdout } = spawnSync(PROGRAM, ['--version'], { encoding: 'utf8' })
  return /v=([\d.]+)/.exec(stdout ?? '')?.[1] ?? null
}

/**
 * Starts a server with each of these settings.
 *
 * @param {string[][]} settings
 * @param {import('../endings.js').Endings} endings
 */
export async function startRedis(settings, endings) {
  const ports = []
  for (const one of settings) ports.push(await startOne(one, endings))
  return { ports, version: (await redisVersion()) ?? '' }
}

/** A port that was free can be taken before the server binds it. @param {string[]} settings @param {import('../endings.js').Endings} endings */
async function startOne(settings, endings) {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const port = await freePort()
    if (await isServing({ port, settings }, endings)) return port
  }
  throw new Error(`${PROGRAM} did not start`)
}

/** @param {{ port: number, settings: string[] }} how @param {import('../endings.js').Endings} endings */
async function isServing({ port, settings }, endings) {
  const folder = mkdtempSync(join(tmpdir(), 'fencepost-bench-redis-'))
  const server = [PROGRAM, '--bind', '127.0.0.1', '--port', String(port), '--dir', folder]
  const keeper = spawn('sh', ['-c', KEEPER, 'sh', folder, ...server, ...settings], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(keeper, 'exit')
  endings.add(async () => {
    keeper.stdin.end()
    await ended
  })
  for await (const line of createInterface(keeper.stdout)) {
    if (line.includes('Failed listening')) return false
    if (!line.includes(READY)) continue
    keeper.stdout.resume()
    return true
  }
  return false
}
