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
 * Starts servers that write nothing to disk.
 *
 * @param {number} count
 * @param {import('../endings.js').Endings} endings
 */
export async function startRedis(count, endings) {
  const ports = []
  for (let i = 0; i < count; i++) ports.push(await startOne(endings))
  return { ports, version: (await redisVersion()) ?? '' }
}

/** A port that was free can be taken before the server binds it. @param {import('../endings.js').Endings} endings */
async function startOne(endings) {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const port = await freePort()
    if (await isServing(port, endings)) return port
  }
  throw new Error(`${PROGRAM} did not start`)
}

/** @param {number} port @param {import('../endings.js').Endings} endings */
async function isServing(port, endings) {
  const folder = mkdtempSync(join(tmpdir(), 'fencepost-bench-redis-'))
  const server = [PROGRAM, '--bind', '127.0.0.1', '--port', String(port), '--dir', folder]
  const keeper = spawn('sh', ['-c', KEEPER, 'sh', folder, ...server, '--save', '', '--appendonly', 'no'], {
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
