import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { startPostgres } from '@fencepost/dev-postgres'
import { Client } from 'pg'
import { expect, test } from 'vitest'
import { isGone } from './parent.ts'
import { query } from './query.ts'

test('a crash keeps committed logged rows and empties unlogged tables', async () => {
  await using server = await startPostgres()
  await query(server.url, 'create table logged (n int); create unlogged table unlogged (n int)')
  await query(server.url, 'insert into logged values (1); insert into unlogged values (1)')
  const { pid, port } = server
  await server.restart('crash')
  expect(server.pid).not.toBe(pid)
  expect(isGone(pid)).toBe(true)
  expect(server.port).toBe(port)
  expect(await query(server.url, 'select n from logged')).toEqual([{ n: 1 }])
  expect(await query(server.url, 'select n from unlogged')).toEqual([])
  expect(server.log()).toContain('automatic recovery in progress')
}, 60_000)

test('a fast restart keeps unlogged rows too', async () => {
  await using server = await startPostgres()
  await query(server.url, 'create unlogged table unlogged as select 1 as n')
  const { pid } = server
  await server.restart('fast')
  expect(server.pid).not.toBe(pid)
  expect(await query(server.url, 'select n from unlogged')).toEqual([{ n: 1 }])
}, 60_000)

test('after a crash the server starts when a backend that was stopped is gone too', async () => {
  await using server = await startPostgres()
  const client = new Client({ connectionString: server.url })
  const lost = new Promise((resolve) => client.once('error', resolve))
  await client.connect()
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  const pid = Number(rows[0]?.pid)
  // If this process is killed meanwhile, the pipe closes and the backend goes on, and so can end.
  const stop = spawn('sh', ['-c', 'kill -STOP "$1"; echo stopped; read -r _; kill -CONT "$1"', 'sh', String(pid)])
  await once(stop.stdout, 'data')
  await server.restart('crash')
  expect(isGone(pid)).toBe(true)
  stop.stdin.end()
  await lost
  expect(await query(server.url, 'select 1 as n')).toEqual([{ n: 1 }])
}, 60_000)

test('a server that somebody else killed can be restarted', async () => {
  await using server = await startPostgres()
  await query(server.url, 'create table logged as select 1 as n')
  process.kill(server.pid, 'SIGKILL')
  await server.restart('crash')
  expect(await query(server.url, 'select n from logged')).toEqual([{ n: 1 }])
}, 60_000)

test('restarts and stop asked for at once happen one after the other', async () => {
  const server = await startPostgres()
  const { pid } = server
  await Promise.all([server.restart('fast'), server.restart('crash'), server.stop()])
  expect(server.pid).not.toBe(pid)
  expect(isGone(server.pid)).toBe(true)
}, 60_000)
