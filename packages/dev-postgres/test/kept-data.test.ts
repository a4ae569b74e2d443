import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PostgresStartError, findPostgres, localInstallations, startPostgres } from '@fencepost/dev-postgres'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isGone } from './parent.ts'
import { query } from './query.ts'

let home: string

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'kept-'))
  // As root the server runs as somebody else, who has to pass through.
  await chmod(home, 0o755)
})
afterEach(() => rm(home, { recursive: true }))

test('a data folder of the caller survives stop, with the same password and fsync on', async () => {
  const data = join(home, 'data')
  const first = await startPostgres({ data })
  await query(first.url, 'create table kept as select 1 as n')
  expect(await query(first.url, 'show fsync')).toEqual([{ fsync: 'on' }])
  expect(await query(first.url, 'show full_page_writes')).toEqual([{ full_page_writes: 'on' }])
  await first.stop()
  expect(isGone(first.pid)).toBe(true)

  await using second = await startPostgres({ data, port: first.port })
  expect(second.url).toBe(first.url)
  expect(second.data).toBe(data)
  expect(await query(second.url, 'select n from kept')).toEqual([{ n: 1 }])
  expect((await stat(join(data, 'fencepost-password'))).mode & 0o777).toBe(0o600)
}, 60_000)

test('a data folder that is served already is refused, and the refusal says where', async () => {
  const data = join(home, 'data')
  await using server = await startPostgres({ data })
  const second = startPostgres({ data })
  await expect(second).rejects.toThrow(PostgresStartError)
  await expect(second).rejects.toThrow(`served already by process ${server.pid} on port ${server.port}`)
  expect(await query(server.url, 'select 1 as n')).toEqual([{ n: 1 }])
}, 60_000)

test('a server that serves a data folder is found while it runs, and says when it is gone', async () => {
  const data = join(home, 'data')
  expect(await findPostgres(data)).toBeNull()
  await using server = await startPostgres({ data })
  const { url, port, pid } = server
  expect(await findPostgres(data)).toEqual({ url, port, pid, data })
  const ended = server.ended()
  process.kill(pid, 'SIGKILL')
  await ended
  // Its pid file is still there.
  expect(await findPostgres(data)).toBeNull()
}, 60_000)

test('a data folder of another major is refused and stays as it was', async ({ skip }) => {
  const other = localInstallations().find(({ major }) => major !== 18)
  skip(other === undefined, 'no PostgreSQL of another major is installed here')
  const binaries = other?.binaries ?? ''
  const data = join(home, 'data')
  await (await startPostgres({ data, binaries })).stop()
  await expect(startPostgres({ data })).rejects.toThrow(`belongs to PostgreSQL ${other?.major}`)
  await using again = await startPostgres({ data, binaries })
  expect(again.major).toBe(other?.major)
}, 60_000)

test('a folder with something else in it is refused and stays as it was', async () => {
  await writeFile(join(home, 'letter'), 'dear')
  await expect(startPostgres({ data: home })).rejects.toThrow('not a PostgreSQL data folder')
  expect(await readFile(join(home, 'letter'), 'utf8')).toBe('dear')
})

test('a data folder nobody but root can reach is refused, and the refusal says what to do', async ({ skip }) => {
  skip(process.getuid?.() !== 0, 'needs root, who runs the server as somebody else')
  await chmod(home, 0o700)
  await expect(startPostgres({ data: join(home, 'data') })).rejects.toThrow(/cannot enter .*chmod o\+x/)
})
