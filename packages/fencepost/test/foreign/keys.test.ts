import { execFileSync } from 'node:child_process'
import { fencepost, key, type ForeignKey } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { PYTHON } from '../support/other-languages.ts'

const database = await cloneDatabase()
afterAll(() => database[Symbol.asyncDispose]())

const [A, N] = ['account:42', 'nightly-report']

// Each worked out by what the named source says, by another program than ours; the three of util_test.go stand there.
const NUMBERS: [source: string, key: ForeignKey, int8: bigint][] = [
  ['active_record migration.rb: 2053462845 * crc32(current_database)', key.rails('postgres'), 737815420147457505n],
  ['the same, above 2^53 as all of them', key.rails('shop'), 5939944341529942170n],
  ['the same', key.rails('billing'), 8135143845311459970n],
  ['the same', key.rails('myapp_production'), 8572362244439197575n],
  ['prisma-engines, a constant', key.prisma(), 72707369n],
  ['kysely postgres-adapter.ts, a constant', key.kysely(), 3853314791062309107n],
  ['node-pg-migrate runner.ts, a constant', key.nodePgMigrate(), 7241865325823964n],
  ['goose lock, a constant', key.goose(), 4097083626n],
  ['golang-migrate util_test.go: a database alone', key.golangMigrate('database_name', { names: [] }), 1764327054n],
  ['the same: and a schema', key.golangMigrate('database_name', { names: ['schema_name_1'] }), 2453313553n],
  [
    'the same: and two names',
    key.golangMigrate('database_name', { names: ['schema_name_1', 'schema_name_2'] }),
    3743845847n,
  ],
  ['golang-migrate: where its table is if nobody says', key.golangMigrate('postgres'), 143310882n],
  ['pg-boss plans.ts: sha224', key.pgBoss('postgres'), -6933726825547352964n],
  ['the same', key.pgBoss('shop'), 4359492127286643510n],
  ['good_job advisory_lockable.rb: md5', key.goodJob('1b671a64-40d5-491e-99b0-da01ff1f3341'), 372979132793719396n],
  ['sqlx-postgres migrate.rs: 0x3d32ad9e * crc32', key.sqlx('postgres'), 368907709894077238n],
  ['the same', key.sqlx('zone'), 2771974297191923538n],
  ['the same', key.sqlx(''), 0n],
  ['django-pglock: sha256, little-endian', key.djangoPgLock(A), 7645020056959376184n],
  ['the same', key.djangoPgLock(N), -8663603374018903193n],
  ['django-pglocks: crc32, signed', key.djangoPgLocks(N), -2077502800n],
  ['the same', key.djangoPgLocks(A), 1483375017n],
  ['Symfony PostgreSqlStore: crc32', key.symfony(N), 2217464496n],
  ['the same', key.symfony(A), 1483375017n],
  ['sqlalchemy-dlock: BLAKE2b of 8 bytes, little-endian', key.sqlalchemyDlock(A), -8305539193472211894n],
  ['the same', key.sqlalchemyDlock(N), 9051751599643760768n],
  ['the same, of nothing', key.sqlalchemyDlock(''), -5426141060434712860n],
  ['DistributedLock PostgresAdvisoryLockKey.cs: sha1, little-endian', key.distributedLock(A), 9022952772223444215n],
  ['the same', key.distributedLock(N), 7635146791061737145n],
  ['the same: 16 digits are the number', key.distributedLock('ffffFFFFffffFFFE'), -2n],
  ['hashtext of the server', key.hashtext(A), 45325317n],
  ['the same', key.hashtext(N), 759228614n],
  ['hashtextextended of the server', key.hashtextextended(A), 8076689878528793605n],
  ['the same', key.hashtextextended(N), -1761082894366742330n],
]

const PAIRS: [source: string, key: ForeignKey, int4: [number, number]][] = [
  ['with_advisory_lock postgresql_advisory.rb: crc32 & 0x7fffffff', key.withAdvisoryLock(N), [69980848, 0]],
  ['the same', key.withAdvisoryLock(A), [1483375017, 0]],
  ['the same: a number stands for itself', key.withAdvisoryLock(42), [42, 0]],
  ['the same: a negative one loses its sign', key.withAdvisoryLock(-1), [0x7fffffff, 0]],
  ['the same: a prefix is its number', key.withAdvisoryLock(A, { prefix: '7' }), [1483375017, 7]],
  ['the same: a prefix that is none is 0', key.withAdvisoryLock(A, { prefix: 'shop' }), [1483375017, 0]],
  ['DistributedLock: up to 9 characters of 7 bits', key.distributedLock('invoice'), [-742672643, 955432959]],
  ['the same', key.distributedLock('invoice42'), [-742672643, 955429988]],
  ['the same', key.distributedLock('a'), [-1023410177, -1]],
  ['the same', key.distributedLock(''), [2147483647, -1]],
  ['the same: twice 8 digits are the pair', key.distributedLock('00000001,ffffffff'), [1, -1]],
  ['bullmq: BULL and hashtext of the schema', key.bullMq(), [1112886348, 2061341206]],
  ['npm advisory-lock: sha256, little-endian', key.advisoryLock(A), [-1681073352, 1779994940]],
  ['the same', key.advisoryLock(N), [280642407, -2017152350]],
]

test.each(NUMBERS)('%s: %s', (_, { int8, int4 }, expected) => {
  expect({ int8, int4 }).toEqual({ int8: expected, int4: null })
})

test.each(PAIRS)('%s: %s', (_, { int8, int4 }, expected) => {
  expect({ int8, int4 }).toEqual({ int8: null, int4: expected })
})

test.skipIf(PYTHON === undefined)('the key of sqlalchemy-dlock is BLAKE2b of Python, for texts of any length', () => {
  const texts = Array.from({ length: 300 }, (_, length) => 'zażółć gęślą jaźń '.repeat(20).slice(0, length))
  const program = `import json, sys
from hashlib import blake2b
for text in json.load(sys.stdin): print(int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), 'little', signed=True))`
  const [python = '', ...args] = PYTHON ?? []
  const printed = execFileSync(python, [...args, '-c', program], { input: JSON.stringify(texts), encoding: 'utf8' })
  expect(texts.map((text) => String(key.sqlalchemyDlock(text).int8))).toEqual(printed.trim().split('\n'))
})

test('hashtext and hashtextextended are those of the server, for texts of any length', async () => {
  const texts = Array.from({ length: 60 }, (_, length) => 'zażółć gęślą jaźń, 42 × 🐘'.repeat(4).slice(0, length))
  const wellFormed = texts.filter((text) => text.isWellFormed())
  expect(wellFormed.length).toBeGreaterThan(50)
  const { rows } = await database.admin.query(
    `select hashtext(text) as short, hashtextextended(text, 0) as long from unnest($1::text[]) with ordinality as one (text, place) order by place`,
    [wellFormed],
  )
  expect(
    wellFormed.map((text) => ({ short: key.hashtextOf(text), long: String(key.hashtextextended(text).int8) })),
  ).toEqual(rows)
})

test('each is the key that fp.locks.query() knows its program by, in this very database', async () => {
  await using fp = fencepost(database.url)
  for (const [means, foreign] of [
    ['Rails migrations', key.rails(database.name)],
    ['sqlx migrations', key.sqlx(database.name)],
    ['golang-migrate', key.golangMigrate(database.name)],
    ['golang-migrate', key.golangMigrate(`/${database.name}`)],
    ['pg-boss migrations', key.pgBoss(database.name, { schema: 'public' })],
    ['BullMQ migrations', key.bullMq()],
    ['Prisma Migrate', key.prisma()],
    ['Kysely migrations', key.kysely()],
    ['node-pg-migrate', key.nodePgMigrate()],
    ['goose', key.goose()],
  ] as const) {
    await using lock = await fp.lock(foreign)
    expect((await fp.locks.query()).held).toContainEqual(expect.objectContaining({ means }))
    await lock.release()
  }
})

test('pg-boss and BullMQ lock it where their own SQL is run', async () => {
  const { rows } = await database.admin.query(
    `select ('x' || encode(sha224((current_database() || '.pgboss.' || 'pgboss')::bytea), 'hex'))::bit(64)::bigint as boss,
      hashtext('bullmq') as bull`,
  )
  expect(rows).toEqual([{ boss: String(key.pgBoss(database.name).int8), bull: key.bullMq().int4?.[1] }])
})

test('a number and a pair with the same bits are two keys, and the same key made twice has one name', () => {
  expect(key.int8(72707369).name).toBe(key.prisma().name)
  expect(key.int4(0, 72707369).name).not.toBe(key.prisma().name)
  expect(key.int4(-0, 1).name).toBe(key.int4(0, 1).name)
})

test('what is no key is refused: a number that has lost digits, more than 64 bits, more than 32, a fraction', () => {
  expect(() => key.int8(2 ** 53)).toThrow(/safe integer/)
  expect(() => key.int8(2n ** 63n)).toThrow(TypeError)
  expect(() => key.int8('1' as never)).toThrow(TypeError)
  expect(() => key.int4(2 ** 31, 0)).toThrow(TypeError)
  expect(() => key.int4(0, 0.5)).toThrow(TypeError)
  expect(key.int8(-(2n ** 63n)).int8).toBe(-(2n ** 63n))
  expect(key.int4(-(2 ** 31), 2 ** 31 - 1).int4).toEqual([-(2 ** 31), 2 ** 31 - 1])
})
