import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { startPostgres } from '@fencepost/dev-postgres'
import { expect, test } from 'vitest'
import { isGone, killed, startParent, until } from './parent.ts'
import { query } from './query.ts'

test.each(['SIGKILL', 'SIGINT', 'SIGTERM'] as const)(
  'a server and its folder are gone when its parent is killed with %s',
  async (signal) => {
    const parent = startParent('stay')
    await parent.line()
    const { pid, data } = JSON.parse(await parent.line())
    expect(isGone(pid)).toBe(false)
    await killed(parent.child, signal)
    await until('the server has ended', () => isGone(pid))
    await until('the folder is removed', () => !existsSync(dirname(data)))
  },
  60_000,
)

test('a parent killed while it starts a server leaves nothing', async () => {
  const parent = startParent('stay')
  const folders = () => readdirSync(tmpdir()).filter((name) => name.includes(`-${parent.child.pid}-`))
  await parent.line()
  await until('initdb is at work', () => folders().some((name) => existsSync(join(tmpdir(), name, 'data', 'base'))))
  await killed(parent.child, 'SIGKILL')
  await until('the folder is removed', () => folders().length === 0)
  expect(folders()).toEqual([])
}, 60_000)

test('a script that forgets to stop its server ends, and the server with it', async () => {
  const parent = startParent('forget')
  const exited = once(parent.child, 'exit')
  await parent.line()
  const { pid, data } = JSON.parse(await parent.line())
  expect(await exited).toEqual([0, null])
  await until('the server has ended', () => isGone(pid))
  await until('the folder is removed', () => !existsSync(dirname(data)))
}, 60_000)

test('a parent killed with SIGKILL loses no committed row of a data folder it keeps', async () => {
  const home = await mkdtemp(join(tmpdir(), 'kept-'))
  // As root the server runs as somebody else, who has to pass through.
  await chmod(home, 0o755)
  const data = join(home, 'data')
  const parent = startParent('stay', data)
  await parent.line()
  const { pid, url } = JSON.parse(await parent.line())
  await query(url, 'create table kept as select 1 as n')
  await killed(parent.child, 'SIGKILL')
  await until('the server has ended', () => isGone(pid))
  {
    await using server = await startPostgres({ data })
    expect(await query(server.url, 'select n from kept')).toEqual([{ n: 1 }])
  }
  await rm(home, { recursive: true })
}, 60_000)

test('the folder of a dead parent whose janitor died too is removed at the next start', async () => {
  const dead = spawn(process.execPath, ['-e', ''])
  await once(dead, 'exit')
  await using server = await startPostgres()
  const mine = dirname(server.data)
  const left = mine.replace(`-${process.pid}-`, `-${dead.pid}-`)
  mkdirSync(join(left, 'data'), { recursive: true })
  await using next = await startPostgres()
  expect(existsSync(next.data)).toBe(true)
  expect(existsSync(left)).toBe(false)
  expect(existsSync(mine)).toBe(true)
}, 60_000)
