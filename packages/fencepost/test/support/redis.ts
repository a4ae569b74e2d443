import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { freePort } from './free-port.ts'

/** Why there is no Redis here; undefined if there is. */
export const whyNoRedis = findRedis()

/** A Redis of its own that writes nothing to disk. */
export async function startRedis() {
  const port = await freePort()
  const child = spawn(
    'redis-server',
    ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  for await (const text of child.stdout.iterator({ destroyOnReturn: false })) {
    if (String(text).includes('Ready to accept connections')) break
  }
  child.stdout.resume()
  return {
    port,
    async [Symbol.asyncDispose]() {
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    },
  }
}

function findRedis(): string | undefined {
  try {
    execFileSync('redis-server', ['--version'])
    return undefined
  } catch (error) {
    console.warn('skipped: tests with Redis, which is not installed (Debian: apt-get install redis-server)')
    return String(error)
  }
}
