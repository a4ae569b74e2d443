import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { fencepost } from 'fencepost'
import pg from 'pg'
import { afterAll, expect, inject, onTestFinished, test } from 'vitest'
import { PlainClient } from '../eviction/plain-client.ts'
import { cloneDatabase, emptyDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { onServer } from '../support/on-server.ts'

const { url: serverUrl, binaries } = inject('server')
const pgDump = binaries === undefined ? '' : join(binaries, 'pg_dump')
const isMissing = !existsSync(pgDump)
if (isMissing) console.warn('skipped: dumps: the PostgreSQL of this run brings no pg_dump')

const database = await cloneDatabase()
afterAll(() => database[Symbol.asyncDispose]())

test('P2: a copy by CREATE DATABASE … TEMPLATE starts an epoch of its own, above what it was copied with', async () => {
  const before = await tokenOf(database.url)
  const copy = await copyOf(database.name)
  const there = await tokenOf(copy)
  const here = await tokenOf(database.url)
  expect(epochOf(there)).toBeGreaterThan(epochOf(before))
  expect(epochOf(here)).toBe(epochOf(before))
})

test.skipIf(isMissing)(
  'P2: a dump restored with our schema starts above its own tokens, and may repeat those since, until it is told of them (docs/failover.md)',
  async () => {
    const before = await tokenOf(database.url)
    const dump = await dumpOf(database.url)
    // Epochs that the dump does not know.
    await database.admin.query('truncate fencepost.boot')
    const since = await tokenOf(database.url)
    await using restored = await emptyDatabase()
    await restored.admin.query(dump)
    await restored.admin.query('set search_path to default')
    const after = await tokenOf(restored.url)
    expect(after).toBeGreaterThan(before)
    expect(epochOf(after)).toBe(epochOf(since))
    await restored.admin.query('call fencepost.rise_above($1)', [since])
    expect(await tokenOf(restored.url)).toBeGreaterThan(since)
  },
)

test.skipIf(isMissing)(
  'P2: a dump without our schema takes nothing back where that stands, and begins anew where it does not (docs/failover.md)',
  async () => {
    await database.admin.query('drop table if exists work; create table work as select 1 as n')
    const dump = await dumpOf(database.url, '-N', 'fencepost')
    const before = await tokenOf(database.url)
    await database.admin.query('drop table work')
    await database.admin.query(dump)
    expect(await tokenOf(database.url)).toBe(before + 2)
    await using elsewhere = await emptyDatabase()
    await elsewhere.admin.query(dump)
    expect(epochOf(await tokenOf(elsewhere.url))).toBe(1024)
  },
)

test('P2: from rise_above on all tokens are larger, it takes none back, and it is refused in a transaction', async () => {
  const before = await tokenOf(database.url)
  const seen = before + 5 * 2 ** 32 + 17
  const client = new pg.Client(database.url)
  await client.connect()
  onTestFinished(() => client.end())
  await using fp = fencepost(database.url)
  await using held = await fp.lock('held')
  await client.query(`call fencepost.rise_above(${seen})`)
  const after = await tokenOf(database.url)
  expect(after).toBeGreaterThan(seen)
  await client.query(`call fencepost.rise_above(${before})`)
  expect(await tokenOf(database.url)).toBe(after + 2)
  await held.transaction((tx) => tx.query('select 1'))
  await client.query('begin')
  await expect(client.query(`call fencepost.rise_above(${seen})`)).rejects.toMatchObject({ code: '2D000' })
})

test('P2: no token of the epoch that rise_above raises is drawn before it is on disk, and one that was cut off is called again', async () => {
  await using other = await cloneDatabase()
  const before = await tokenOf(other.url)
  const seen = before + 5000 * 2 ** 32
  await other.admin.query(`
    create function wait_to_commit() returns trigger language plpgsql
    as 'begin perform pg_advisory_xact_lock(77, 77); return null; end';
    create constraint trigger wait_to_commit after insert on fencepost.epochs deferrable initially deferred
    for each row execute function wait_to_commit()`)
  await using gate = await PlainClient.connect(other.url)
  await gate.query('select pg_advisory_lock(77, 77)')
  const rise = other.admin.query(`call fencepost.rise_above(${seen})`).catch((error: unknown) => error)
  const backend = await eventually(async () => {
    const text = `select pid from pg_locks where locktype = 'advisory' and objsubid = 2 and classid = 77 and not granted`
    return (await other.admin.query<{ pid: number }>(text)).rows[0]?.pid
  })
  expect(await tokenOf(other.url)).toBe(before + 2)
  await other.admin.query('select pg_cancel_backend($1)', [backend])
  expect(await rise).toMatchObject({ code: '57014' })
  await gate.query('select pg_advisory_unlock(77, 77)')
  await other.admin.query(`call fencepost.rise_above(${seen})`)
  expect(await tokenOf(other.url)).toBeGreaterThan(seen)
})

async function tokenOf(url: string): Promise<number> {
  await using fp = fencepost(url)
  await using lock = await fp.lock('a')
  return lock.token
}

function epochOf(token: number): number {
  return Math.floor(token / 2 ** 32)
}

/** Nobody may be connected to what is copied. */
async function copyOf(template: string): Promise<string> {
  const copy = `${template}_copy`
  await database.admin.query('select 1')
  await onServer(
    serverUrl,
    `select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = '${template}'`,
  )
  await onServer(serverUrl, `create database ${copy} template ${template}`)
  onTestFinished(() => onServer(serverUrl, `drop database ${copy} with (force)`))
  return Object.assign(new URL(serverUrl), { pathname: `/${copy}` }).href
}

async function dumpOf(url: string, ...options: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(pgDump, ['--inserts', ...options, url], { maxBuffer: 1e8 })
  return stdout.replace(/^\\.*$/gm, '').replace(/^SELECT pg_catalog.set_config\('search_path'.*$/m, '')
}
