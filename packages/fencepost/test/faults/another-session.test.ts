import { fencepost } from 'fencepost'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'

const role = `guest_${process.pid}`
const database = await cloneDatabase()
await database.admin.query(`create role ${role} login password 'x'`)
afterAll(async () => {
  await database.admin.query(`drop owned by ${role}; drop role ${role}`)
  await database[Symbol.asyncDispose]()
})

test('FAULTS 18, P3: temporary tables that are called as ours do not make a stale token good, nor a good one stale', async () => {
  await using fp = fencepost(database.url)
  const lock = await fp.lock('a')
  const client = await database.admin.connect()
  const { rows } = await client.query<{ name: string; columns: string }>(
    `select table_name as name, string_agg(column_name || ' bigint', ', ') as columns
    from information_schema.columns where table_schema = 'fencepost' group by table_name`,
  )
  expect(rows.map(({ name }) => name)).toContain('epochs')
  for (const { name, columns } of rows) await client.query(`create temporary table ${name} (${columns})`)
  await client.query('set search_path = pg_temp')
  await guardWith(client, lock)
  await lock.release()
  const stale = client.query(`select fencepost.guard('a', $1)`, [lock.token])
  await expect(stale).rejects.toMatchObject({ code: 'LK001' })
  client.release(true)
})

test('FAULTS 18, P3, P7: a role without rights cannot guard, and one that has them is fenced as any other', async () => {
  await using fp = fencepost(database.url)
  const lock = await fp.lock('b')
  const client = new pg.Client(database.as(role, 'x'))
  client.on('error', () => {})
  await client.connect()
  await expect(guardWith(client, lock)).rejects.toMatchObject({ code: '42501' })
  await client.query('rollback')
  await database.admin.query(`grant usage on schema fencepost to ${role}`)
  await guardWith(client, lock)
  await database.admin.query('select pg_terminate_backend(backend, 5000) from fencepost.who($1)', ['b'])
  await using next = await fp.lock('b')
  await expect(guardWith(client, lock)).rejects.toMatchObject({ code: 'STALE_TOKEN' })
  expect(next.token).toBeGreaterThan(lock.token)
  await client.end()
})

async function guardWith(client: pg.ClientBase, lock: { guard(tx: pg.ClientBase): Promise<void> }): Promise<void> {
  await client.query('begin')
  await lock.guard(client)
  await client.query('commit')
}
