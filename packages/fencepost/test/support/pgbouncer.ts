import { execFileSync, spawn } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'

/** Where Debian and others put it; undefined if it is not installed. */
export const PGBOUNCER = findPgBouncer()

/** A PgBouncer of its own before the server of `url`; `url` of the result goes through it. `settings`: further lines of its pgbouncer.ini. */
export async function startPgBouncer(url: string, mode: 'session' | 'transaction', settings = '') {
  const { hostname, port, username, password, pathname } = new URL(url)
  const folder = await mkdtemp(join(tmpdir(), 'pgbouncer-'))
  const own = await freePort()
  await writeFile(join(folder, 'users.txt'), `"${username}" "${password}"\n`)
  await writeFile(
    join(folder, 'pgbouncer.ini'),
    `[databases]
* = host=${hostname} port=${port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${own}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${join(folder, 'users.txt')}
pool_mode = ${mode}
${settings}
`,
  )
  for (const [path, rights] of [
    ['', 0o755],
    ['users.txt', 0o644],
    ['pgbouncer.ini', 0o644],
  ] as const) {
    await chmod(join(folder, path), rights)
  }
  // It refuses to run as root.
  const identity = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  const child = spawn(PGBOUNCER ?? '', [join(folder, 'pgbouncer.ini')], {
    ...identity,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  for await (const text of child.stderr.iterator({ destroyOnReturn: false }))
    if (String(text).includes('process up')) break
  child.stderr.resume()
  return {
    url: `postgres://${username}:${password}@127.0.0.1:${own}${pathname}`,
    async [Symbol.asyncDispose]() {
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
      await rm(folder, { recursive: true })
    },
  }
}

function findPgBouncer(): string | undefined {
  try {
    return execFileSync('sh', ['-c', 'PATH="$PATH:/usr/sbin" command -v pgbouncer'], { encoding: 'utf8' }).trim()
  } catch {
    console.warn('skipped: tests behind PgBouncer, which is not installed (Debian: apt-get install pgbouncer)')
    return undefined
  }
}
