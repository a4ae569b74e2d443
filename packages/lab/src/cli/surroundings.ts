import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus, platform, release } from 'node:os'
import { join } from 'node:path'
import type { Contender } from '../contenders/contender.ts'
import { versionOf } from '../servers/missing.ts'

/** What the lab was started by: npm names the script that it runs. */
export function program(): string {
  return process.env['npm_lifecycle_event'] === 'lab' ? 'npm run lab --' : 'npx fencepost lab'
}

export function machine(): string {
  return `${cpus().length} cores (${cpus()[0]?.model.trim() ?? '?'}), ${platform()} ${release()}`
}

/** Of everything that was used. */
export function versionsOf(contenders: readonly Contender[], postgres: string | null, peers: string): string[] {
  const servers = contenders.flatMap((contender) => (contender.servers ?? []).flatMap((kind) => versionOf(kind) ?? []))
  const packages = contenders.flatMap((contender) =>
    (contender.packages ?? []).map((name) => packageVersion(name, peers)),
  )
  const own = ['fencepost', 'pg'].map((name) => ownVersion(name))
  return [
    ...new Set([
      `Node ${process.versions.node}`,
      ...(postgres ? [`PostgreSQL ${postgres}`] : []),
      ...servers,
      ...own,
      ...packages,
    ]),
  ]
}

/** `redlock-5` is an alias: its own file says what it is. */
function packageVersion(name: string, peers: string): string {
  const { name: real, version } = JSON.parse(readFileSync(join(peers, 'node_modules', name, 'package.json'), 'utf8'))
  return `${real} ${version.replace(/^v/, '')}`
}

function ownVersion(name: string): string {
  const { version } = createRequire(import.meta.url)(`${name}/package.json`) as { version: string }
  return `${name} ${version}`
}
