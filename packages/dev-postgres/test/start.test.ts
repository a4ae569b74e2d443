import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { dirname } from 'node:path'
import { PostgresStartError, localInstallations, startPostgres } from '@fencepost/dev-postgres'
import { expect, test } from 'vitest'
import { isGone } from './parent.ts'
import { query } from './query.ts'

test('the first query after a start is answered by PostgreSQL 18', async () => {
  await using server = await startPostgres()
  expect(await query(server.url, `select current_user as who, current_setting('fsync') as fsync`)).toEqual([
    { who: 'postgres', fsync: 'off' },
  ])
  expect(server.major).toBe(18)
  expect(server.version).toMatch(/^18\.\d+$/)
  expect(server.log()).toContain('ready to accept connections')
}, 60_000)

test('a wrong password is refused', async () => {
  await using server = await startPostgres()
  const url = server.url.replace(/:[^:@]+@/, ':wrong@')
  await expect(query(url, 'select 1')).rejects.toMatchObject({ code: '28P01' })
}, 60_000)

test('two servers of different majors run side by side', async ({ skip }) => {
  const other = localInstallations().find(({ major }) => major !== 18)
  skip(other === undefined, 'no PostgreSQL of another major is installed here')
  const binaries = other?.binaries ?? ''
  await using mine = await startPostgres()
  await using theirs = await startPostgres({ binaries })
  expect(theirs.major).toBe(other?.major)
  expect(theirs.port).not.toBe(mine.port)
  expect(await query(mine.url, 'show server_version')).toEqual([{ server_version: mine.version }])
  const [row] = await query(theirs.url, 'show server_version_num')
  expect(Math.trunc(Number(row?.['server_version_num']) / 10_000)).toBe(other?.major)
}, 60_000)

test('settings reach the server', async () => {
  await using server = await startPostgres({ settings: { max_prepared_transactions: '10', log_statement: 'all' } })
  expect(await query(server.url, 'show max_prepared_transactions')).toEqual([{ max_prepared_transactions: '10' }])
  expect(server.log()).toContain('statement: show max_prepared_transactions')
}, 60_000)

test('another address is listened on too, and whoever comes from elsewhere needs the password', async ({ skip }) => {
  skip(process.platform !== 'linux', 'only Linux has all of 127.0.0.0/8')
  await using server = await startPostgres({ listen: ['127.0.0.2'] })
  await server.restart('fast')
  const there = server.url.replace('127.0.0.1', '127.0.0.2')
  expect(await query(there, 'select host(inet_client_addr()) as from', '127.0.0.3')).toEqual([{ from: '127.0.0.3' }])
  const wrong = query(there.replace(/:[^:@]+@/, ':wrong@'), 'select 1', '127.0.0.3')
  await expect(wrong).rejects.toMatchObject({ code: '28P01' })
  await expect(startPostgres({ listen: ['everywhere'] })).rejects.toThrow(/not an address/)
}, 60_000)

test('stop can be called twice and leaves no process and no folder', async () => {
  const server = await startPostgres()
  await Promise.all([server.stop(), server.stop()])
  await server.stop()
  expect(isGone(server.pid)).toBe(true)
  expect(existsSync(dirname(server.data))).toBe(false)
  await expect(server.restart('fast')).rejects.toThrow('was stopped')
}, 60_000)

test('a setting the server does not know ends the start with its log, and leaves no folder', async () => {
  const error: unknown = await startPostgres({ settings: { no_such_setting: 'on' } }).catch((e: unknown) => e)
  expect(error).toBeInstanceOf(PostgresStartError)
  expect(error).toMatchObject({ code: 'POSTGRES_START', message: expect.stringContaining('no_such_setting') })
  const [data] = /\S+\/data\b/.exec(String(error)) ?? []
  expect(data).toBeDefined()
  expect(existsSync(String(data))).toBe(false)
}, 60_000)

test('a port that is taken is named', async () => {
  const squatter = createServer().listen(0, '127.0.0.1')
  await once(squatter, 'listening')
  const address = squatter.address()
  const port = typeof address === 'object' && address ? address.port : 0
  await expect(startPostgres({ port })).rejects.toThrow(`port ${port} of 127.0.0.1 is taken`)
  squatter.close()
}, 60_000)

test('an argument that cannot be meant is refused before anything is started', async () => {
  await expect(startPostgres({ port: 70_000 })).rejects.toThrow(TypeError)
  await expect(startPostgres({ settings: { 'fsync=on -c x': 'y' } })).rejects.toThrow(TypeError)
})
