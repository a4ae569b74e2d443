import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where it is installed, if it is. */
export const PGBOUNCER = find()

/**
 * A PgBouncer in transaction mode before a server.
 *
 * @param {string} url
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function startPgBouncer(url) {
  const { hostname, port, username, password, pathname } = new URL(url)
  const folder = mkdtempSync(join(tmpdir(), 'pgbouncer-'))
  const own = await freePort()
  const users = join(folder, 'users.txt')
  const settings = join(folder, 'pgbouncer.ini')
  writeFileSync(users, `"${username}" "${password}"\n`)
  const lines = ['[databases]', `* = host=${hostname} port=${port}`, '[pgbouncer]', 'listen_addr = 127.0.0.1']
  lines.push(`listen_port = ${own}`, 'unix_socket_dir =', 'auth_type = scram-sha-256', `auth_file = ${users}`)
  writeFileSync(settings, `${[...lines, 'pool_mode = transaction'].join('\n')}\n`)
  chmodSync(folder, 0o755)
  // It refuses to run as root.
  const identity = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  const child = spawn(PGBOUNCER ?? '', [settings], { ...identity, stdio: ['ignore', 'ignore', 'pipe'] })
  for await (const text of child.stderr.iterator({ destroyOnReturn: false }))
    if (String(text).includes('process up')) break
  child.stderr.resume()
  const close = async () => {
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
    rmSync(folder, { recursive: true })
  }
  return { url: `postgres://${username}:${password}@127.0.0.1:${own}${pathname}`, close }
}

function find() {
  try {
    const options = /** @type {const} */ ({ encoding: 'utf8' })
    return execFileSync('sh', ['-c', 'PATH="$PATH:/usr/sbin" command -v pgbouncer'], options).trim()
  } catch {
    return undefined
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  server.close()
  await once(server, 'close')
  return port
}
