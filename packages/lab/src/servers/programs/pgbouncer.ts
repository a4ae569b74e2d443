import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { onFreePort } from '../../processes/free-port.ts'
import type { Keeper } from '../../processes/keeper.ts'
import { Program } from '../../processes/program.ts'

/** Somebody without rights: it refuses to run as root. */
const NOBODY = 65_534

/** A PgBouncer in transaction mode before the server of `url`; resolves to the URL through it, and how to end it. */
export async function startPgBouncer(keeper: Keeper, url: string, host: string) {
  return await onFreePort(host, (port) => startOn(keeper, url, { host, port }))
}

async function startOn(keeper: Keeper, url: string, { host, port: own }: { host: string; port: number }) {
  const { hostname, port, username, password, pathname } = new URL(url)
  const folder = join(keeper.folder, `pgbouncer-${own}`)
  await mkdir(folder)
  const [users, config] = [join(folder, 'users.txt'), join(folder, 'pgbouncer.ini')]
  await writeFile(users, `"${username}" "${password}"\n`)
  const settings = [`listen_addr = ${host}`, `listen_port = ${own}`, 'unix_socket_dir =', `auth_file = ${users}`]
  const pooling = ['auth_type = scram-sha-256', 'pool_mode = transaction']
  const lines = ['[databases]', `* = host=${hostname} port=${port}`, '[pgbouncer]', ...settings, ...pooling]
  await writeFile(config, `${lines.join('\n')}\n`)
  const identity = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}
  for (const [path, rights] of [
    [folder, 0o755],
    [users, 0o644],
    [config, 0o644],
  ] as const) {
    await chmod(path, rights)
  }
  const program = await Program.start({
    keeper,
    command: 'pgbouncer',
    args: [config],
    ...identity,
    ready: 'process up',
  })
  const through = `postgres://${username}:${password}@${host}:${own}${pathname}`
  return { url: through, stop: () => program.kill() }
}
