import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'

const database = await cloneDatabase()
afterAll(() => database[Symbol.asyncDispose]())

test('a snapshot is older than a grant if it misses what had ended by then, and only then (H2)', async () => {
  await database.admin.query('create table effects (who text)')
  const running = new pg.Client(database.url)
  await running.connect()
  await running.query(`begin; insert into effects values ('running')`)
  const xid = BigInt(
    (await running.query<{ xid: string }>('select pg_current_xact_id()::text as xid')).rows[0]?.xid ?? '',
  )
  await database.admin.query(`insert into effects values ('ended')`)

  const reader = await database.admin.connect()
  await reader.query('begin isolation level repeatable read')
  const { rows } = await reader.query<{ next: string; running: string[] }>(
    `select pg_snapshot_xmax(snapshot)::text as next, array(select pg_snapshot_xip(snapshot)::text) as running
     from pg_current_snapshot() as snapshot`,
  )
  const next = BigInt(rows[0]?.next ?? '')
  // Other databases of the server count with the same numbers.
  const others = (rows[0]?.running ?? []).map(BigInt).filter((other) => other !== xid)
  const isOlder = async (...[end, ...some]: bigint[]) => {
    const runs = [...some, ...others.filter((other) => other < (end ?? 0n))].toSorted((a, b) => Number(a - b))
    const seen = `${runs[0] ?? end}:${end}:${runs.join()}`
    return (await reader.query<{ is: boolean }>('select fencepost.is_older($1) as is', [seen])).rows[0]?.is
  }

  expect(await isOlder(next, xid)).toBe(false)
  // What ran for the snapshot had ended by the grant; or what had not begun.
  expect(await isOlder(next)).toBe(true)
  expect(await isOlder(next + 1n, xid)).toBe(true)
  expect(await isOlder(next + 2n, xid, next)).toBe(true)
  // The same had begun by the grant, and ran; or the grant had seen less.
  expect(await isOlder(next + 1n, xid, next)).toBe(false)
  expect(await isOlder(next - 1n, xid)).toBe(false)
  expect(await isOlder(xid)).toBe(false)
  await reader.query('commit')
  reader.release()
  await running.end()
})
