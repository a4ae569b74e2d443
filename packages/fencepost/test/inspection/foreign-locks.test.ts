import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { programOf } from 'fencepost'
import pg from 'pg'
import { afterAll, afterEach, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'

const database = await cloneDatabase()
const holder = new pg.Client({ connectionString: database.url, application_name: 'holder' })
const waiter = new pg.Client({ connectionString: database.url, application_name: 'waiter' })
await Promise.all([holder.connect(), waiter.connect()])
afterAll(async () => {
  await Promise.all([holder.end(), waiter.end()])
  await database[Symbol.asyncDispose]()
})
afterEach(async () => {
  await holder.query('select pg_advisory_unlock_all()')
})

// Not taken from our SQL: each is what its source says, worked out once more.
const crc = BigInt(crc32(database.name))
const golangMigrate = (...names: string[]) => (BigInt(crc32(names.join('\0'))) * 1486364155n) % 2n ** 32n
const pgBoss = (schema: string) =>
  createHash('sha224').update(`${database.name}.pgboss.${schema}`).digest().readBigInt64BE(0)

test.each([
  ['Prisma Migrate', 72707369n],
  ['Kysely migrations', 3853314791062309107n],
  ['node-pg-migrate', 7241865325823964n],
  ['postgres-migrations', -8525285245963000605n],
  ['tern', 9628173550095224n],
  ['Sqitch', 75474063n],
  ['goose', BigInt(crc32('goose'))],
  ['goose', 5887940537704921958n],
  ['Rails migrations', 2053462845n * crc],
  ['sqlx migrations', 0x3d32ad9en * crc],
  ['golang-migrate', golangMigrate('public', 'schema_migrations', database.name)],
  ['golang-migrate', golangMigrate('public', 'schema_migrations', `/${database.name}`)],
  ['pg-boss migrations', pgBoss('public')],
  ['Flyway', 77431708279161n - 2n ** 31n],
  ['Flyway', 77431708279161n + 2n ** 31n - 1n],
])('the key of %s is known in a plain advisory lock: %s', async (means, key) => {
  await holder.query('select pg_advisory_lock($1)', [key])
  expect(await list()).toEqual([
    { state: 'held', key: String(key), pair: null, means, application: 'holder', name: null },
  ])
})

test('golang-migrate is known in each schema with its table, pg-boss in every schema', async () => {
  await database.admin.query('create schema tenant; create table tenant.schema_migrations (version bigint)')
  const key = golangMigrate('tenant', 'schema_migrations', database.name)
  await holder.query('select pg_advisory_lock($1), pg_advisory_lock($2)', [key, pgBoss('tenant')])
  expect(new Set((await list()).map(({ means }) => means))).toEqual(new Set(['golang-migrate', 'pg-boss migrations']))
})

test('where our schema is not, programOf tells the same of the same keys', async () => {
  const { rows: schemas } = await database.admin.query<{ name: string; isMigrated: boolean }>(
    `select nspname as name, to_regclass(nspname || '.schema_migrations') is not null as "isMigrated" from pg_namespace`,
  )
  const { rows } = await database.admin.query<{ key: string; means: string }>(
    'select key, means from fencepost.known_keys()',
  )
  expect(rows.length).toBeGreaterThan(12)
  for (const { key, means } of rows) expect(programOf(BigInt(key), { database: database.name, schemas })).toBe(means)
  const place = { database: database.name, schemas: [] }
  expect(programOf(77431708279161n + 2n ** 31n - 1n, place)).toBe('Flyway')
  expect(programOf(77431708279161n + 2n ** 31n, place)).toBeNull()
  expect(programOf([1112886348, 5], place)).toBe('BullMQ migrations')
  expect(programOf([0, 72707369], place)).toBeNull()
})

test('a key of two integers is shown as such, and never taken for one of 64 bits', async () => {
  // The halves of Prisma's, and BullMQ's by its first half.
  await holder.query(
    'select pg_advisory_lock(0, 72707369), pg_advisory_lock_shared(-1, -2), pg_advisory_lock(1112886348, 5)',
  )
  const rows = await list()
  expect(rows).toHaveLength(3)
  expect(rows).toMatchObject([
    { key: null, pair: [-1, -2], means: null },
    { key: null, pair: [0, 72707369], means: null },
    { key: null, pair: [1112886348, 5], means: 'BullMQ migrations' },
  ])
})

test('a key nobody knows is shown by its number', async () => {
  await holder.query('select pg_advisory_lock(-9223372036854775808), pg_advisory_lock(0)')
  expect(await list()).toMatchObject([
    { key: '-9223372036854775808', means: null },
    { key: '0', means: null },
  ])
})

test('who waits for a lock of another program shows behind its holder, from PostgreSQL 14 with how long', async () => {
  await holder.query('select pg_advisory_lock_shared(72707369)')
  const waiting = waiter.query('select pg_advisory_lock(72707369)')
  const row = await eventually(async () => {
    const { rows } = await database.admin.query(
      `select * from fencepost.locks where state = 'waiting' and waited is not null`,
    )
    return rows[0] as Record<string, unknown> | undefined
  })
  expect(row).toMatchObject({
    mode: 'exclusive',
    application: 'waiter',
    position: 1,
    means: 'Prisma Migrate',
    held_for: null,
  })
  expect(await list()).toMatchObject([{ state: 'held' }, { state: 'waiting' }])
  await holder.query('select pg_advisory_unlock_shared(72707369)')
  await waiting
  expect(await list()).toMatchObject([{ state: 'held', application: 'waiter' }])
  await waiter.query('select pg_advisory_unlock(72707369)')
})

test('a lock of a prepared transaction has no backend and nobody to ask', async () => {
  await holder.query(`begin; select pg_advisory_xact_lock(41), pg_advisory_xact_lock_shared(4, 2)`)
  await holder.query(`prepare transaction 'foreign-locks'`)
  const { rows } = await database.admin.query('select * from fencepost.locks order by key')
  await holder.query(`rollback prepared 'foreign-locks'`)
  const nobody = { state: 'held', backend: null, application: null, host: null, process: null, since: null }
  expect(rows).toMatchObject([
    { ...nobody, key: '41', pair: null, mode: 'exclusive' },
    { ...nobody, key: null, pair: [4, 2], mode: 'shared' },
  ])
  expect(await list()).toEqual([])
})

test('the checksum is that of zlib', async () => {
  for (const text of ['', 'googol', 'zażółć', database.name]) {
    const { rows } = await database.admin.query('select fencepost.crc32($1) as crc', [Buffer.from(text)])
    expect(rows).toEqual([{ crc: String(crc32(text)) }])
  }
})

interface Row {
  readonly state: string
  readonly key: string | null
  readonly pair: number[] | null
  readonly means: string | null
}

async function list(): Promise<Row[]> {
  const text = 'select state, key, pair, means, application, name from fencepost.locks order by key, pair, state'
  return (await database.admin.query<Row>(text)).rows
}
