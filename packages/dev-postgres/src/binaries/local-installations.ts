import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** `<major>` stands for digits; the last is where Alpine puts it. */
const INSTALLED_AT = [
  '/usr/lib/postgresql/<major>/bin',
  '/usr/pgsql-<major>/bin',
  '/opt/homebrew/opt/postgresql@<major>/bin',
  '/usr/local/opt/postgresql@<major>/bin',
  '/usr/libexec/postgresql<major>',
]

/** PostgreSQL installed on this machine by other means, newest major first: Debian, RHEL, Homebrew, Alpine, `pg_config` on PATH. */
export function localInstallations(): { major: number; binaries: string }[] {
  const found = new Map<string, { major: number; binaries: string }>()
  for (const { major, binaries } of [...INSTALLED_AT.flatMap(matches), ...configured()]) {
    if (!hasPrograms(binaries)) continue
    const real = realpathSync(binaries)
    if (!found.has(real)) found.set(real, { major, binaries })
  }
  return [...found.values()].toSorted((a, b) => b.major - a.major)
}

export function hasPrograms(folder: string): boolean {
  const suffix = process.platform === 'win32' ? '.exe' : ''
  return existsSync(join(folder, `postgres${suffix}`)) && existsSync(join(folder, `initdb${suffix}`))
}

function matches(pattern: string): { major: number; binaries: string }[] {
  const [before = '', after = ''] = pattern.split('<major>')
  const parent = dirname(before + 'x')
  const prefix = before.slice(parent.length + 1)
  return entries(parent).flatMap((name) => {
    const digits = name.slice(prefix.length)
    if (!name.startsWith(prefix) || !/^\d+$/.test(digits)) return []
    return [{ major: Number(digits), binaries: join(parent, name, after) }]
  })
}

function configured(): { major: number; binaries: string }[] {
  try {
    const text = execFileSync('pg_config', { encoding: 'utf8', timeout: 5000, stdio: ['ignore', 'pipe', 'ignore'] })
    const major = /^VERSION = PostgreSQL (\d+)/m.exec(text)?.[1]
    const binaries = /^BINDIR = (.+)$/m.exec(text)?.[1]
    return major && binaries ? [{ major: Number(major), binaries }] : []
  } catch {
    return []
  }
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
