import { execFileSync, type ExecFileSyncOptions } from 'node:child_process'
import type { ServerKind } from './endpoints.ts'
import { ZOOKEEPER_JAR } from './programs/zookeeper.ts'

interface ServerProgram {
  readonly name: string
  readonly command: string
  /** What it is asked for its version by. */
  readonly args: readonly string[]
  /** The package to install. */
  readonly debian: string
}

const REDIS = { name: 'Redis', command: 'redis-server', args: ['--version'], debian: 'redis-server' }
const JAVA = ['-cp', ZOOKEEPER_JAR, 'org.apache.zookeeper.version.VersionInfoMain']
const PROGRAMS: Readonly<Record<ServerKind, ServerProgram>> = {
  redis: REDIS,
  'five-redis': REDIS,
  etcd: { name: 'etcd', command: 'etcd', args: ['--version'], debian: 'etcd-server' },
  pgbouncer: { name: 'PgBouncer', command: 'pgbouncer', args: ['--version'], debian: 'pgbouncer' },
  zookeeper: { name: 'ZooKeeper', command: 'java', args: JAVA, debian: 'zookeeper' },
}
const ANSWER_MS = 20_000
const versions = new Map<string, string | null>()

/** Why there is no server of this kind here, and what to do about it; null if there is. */
export function whyNoServer(kind: ServerKind): string | null {
  const { name, debian } = PROGRAMS[kind]
  return versionOf(kind) === null ? `${name} is not installed (Debian: apt-get install ${debian})` : null
}

/** E.g. `Redis 7.0.15`; null if it is not installed. */
export function versionOf(kind: ServerKind): string | null {
  const { name } = PROGRAMS[kind]
  const known = versions.get(name)
  if (known !== undefined) return known
  const version = askVersion(PROGRAMS[kind])
  versions.set(name, version)
  return version
}

function askVersion({ name, command, args }: ServerProgram): string | null {
  try {
    const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` }
    const how = { env, stdio: ['ignore', 'pipe', 'ignore'], timeout: ANSWER_MS } satisfies ExecFileSyncOptions
    const said = execFileSync(command, [...args], { ...how, encoding: 'utf8' })
    return `${name} ${/\d+\.\d+\.\d+/.exec(said)?.[0] ?? '?'}`
  } catch {
    return null
  }
}
