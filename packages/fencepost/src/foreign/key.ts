import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { ForeignKey } from '../ground/foreign-key.ts'
import { blake2b64 } from './blake2b.ts'
import { hashtext, hashtextextended } from './hashtext.ts'

const LARGEST_INT4 = 0x7fffffff
const UINT32 = 2n ** 32n
const RAILS_SALT = 2053462845n
const SQLX_SALT = 0x3d32ad9en
const GOLANG_MIGRATE_SALT = 1486364155n
/** The letters BULL. */
const BULLMQ = 0x42554c4c

/**
 * The advisory keys other programs lock, each worked out as its own source does. `fp.lock(key.rails('shop'))` and a migration of
 * Rails exclude each other; among our own processes it is a lock as every other. docs/foreign-keys.md tells who uses which.
 */
export const key = {
  /** What `pg_advisory_lock(n)` locks. A number must be safe: above 2^53 write a bigint. @throws {TypeError} outside of 64 bits. */
  int8: (n: bigint | number): ForeignKey => ForeignKey.ofInt8(checkInt8(n)),

  /** What `pg_advisory_lock(a, b)` locks, which no single number meets. @throws {TypeError} outside of 32 bits, signed. */
  int4: (a: number, b: number): ForeignKey => ForeignKey.ofInt4(checkInt4(a), checkInt4(b)),

  /** What `pg_advisory_lock(hashtext(name))` locks. For two numbers use `hashtextOf`. */
  hashtext: (name: string): ForeignKey => key.int8(hashtext(name)),

  /** The server's `hashtext(name)` as a number, for `key.int4`. */
  hashtextOf: (name: string): number => hashtext(name),

  /** What `pg_advisory_lock(hashtextextended(name, 0))` locks. */
  hashtextextended: (name: string): ForeignKey => key.int8(hashtextextended(name)),

  /** Migrations of Rails (Active Record). @param database the name as `current_database()` has it. */
  rails: (database: string): ForeignKey => key.int8(RAILS_SALT * crcOf(database)),

  /** The Ruby gem with_advisory_lock. `prefix`: its WITH_ADVISORY_LOCK_PREFIX, of which only leading digits count. */
  withAdvisoryLock: (name: string | number, { prefix = '' }: { readonly prefix?: string } = {}): ForeignKey =>
    key.int4(
      typeof name === 'number' ? low31(BigInt(Math.trunc(name))) : low31(crcOf(name)),
      low31(BigInt(/^\s*([+-]?\d+)/.exec(prefix)?.[1]?.replace('+', '') ?? 0)),
    ),

  /** A job that good_job runs. @param id `id` of its row in `good_jobs`; older versions go by `active_job_id`. */
  goodJob: (id: string): ForeignKey => key.int8(firstInt8('md5', `good_jobs-${id}`)),

  /** Migrations of Prisma. */
  prisma: (): ForeignKey => key.int8(72707369n),

  /** Migrations of Kysely. */
  kysely: (): ForeignKey => key.int8(3853314791062309107n),

  /** Migrations of node-pg-migrate. */
  nodePgMigrate: (): ForeignKey => key.int8(7241865325823964n),

  /** Installing and migrating pg-boss. @param database as `current_database()` has it; `key`: what it locks otherwise. */
  pgBoss: (
    database: string,
    { schema = 'pgboss', key: suffix = '' }: { readonly schema?: string; readonly key?: string } = {},
  ): ForeignKey => key.int8(firstInt8('sha224', `${database}.pgboss.${schema}${suffix}`)),

  /** Migrations of BullMQ. */
  bullMq: (schema = 'bullmq'): ForeignKey => key.int4(BULLMQ, hashtext(schema)),

  /**
   * golang-migrate. @param database started with a URL it takes its path, with the slash: `'/shop'`.
   * @param options where its table is; `names` in the place of both, for what other code joins before the database.
   */
  golangMigrate: (
    database: string,
    {
      schema = 'public',
      table = 'schema_migrations',
      names = [schema, table],
    }: { readonly schema?: string; readonly table?: string; readonly names?: readonly string[] } = {},
  ): ForeignKey => key.int8((crcOf([...names, database].join('\0')) * GOLANG_MIGRATE_SALT) % UINT32),

  /** The session locker of goose. */
  goose: (): ForeignKey => key.int8(4097083626n),

  /** Migrations of sqlx. @param database as `current_database()` has it. */
  sqlx: (database: string): ForeignKey => key.int8(SQLX_SALT * crcOf(database)),

  /** Python's django-pglock. */
  djangoPgLock: (name: string): ForeignKey => key.int8(digest('sha256', name).readBigInt64LE(0)),

  /** Python's django-pglocks, by a name. */
  djangoPgLocks: (name: string): ForeignKey => key.int8(BigInt.asIntN(32, crcOf(name))),

  /** PHP's Symfony Lock, its PostgreSQL stores. */
  symfony: (name: string): ForeignKey => key.int8(crcOf(name)),

  /** The npm package advisory-lock. */
  advisoryLock: (name: string): ForeignKey =>
    key.int4(digest('sha256', name).readInt32LE(0), digest('sha256', name).readInt32LE(4)),

  /** Python's sqlalchemy-dlock, by a name, on little-endian machines. */
  sqlalchemyDlock: (name: string): ForeignKey => key.int8(blake2b64(name)),

  /**
   * .NET's DistributedLock.Postgres: a name of up to 9 ASCII characters, 16 hexadecimal digits, twice 8 with a comma, or what it
   * hashes with `allowHashing`.
   */
  distributedLock: (name: string): ForeignKey => {
    if (/^[\0-\x7f]{0,9}$/.test(name)) return key.int4(...halves(packedAscii(name)))
    const [, left, comma, right] = /^([0-9a-f]{8})(,?)([0-9a-f]{8})$/i.exec(name) ?? []
    if (comma === undefined) return key.int8(digest('sha1', name).readBigInt64LE(0))
    const parsed = BigInt.asIntN(64, BigInt(`0x${left}${right}`))
    return comma === ',' ? key.int4(...halves(parsed)) : key.int8(parsed)
  },
} as const

function checkInt8(n: unknown): bigint {
  if (typeof n !== 'bigint' && !Number.isSafeInteger(n))
    throw new TypeError(`key.int8() needs a bigint or a safe integer; got ${String(n)}. Write a large one as 123n`)
  const value = BigInt(n as bigint | number)
  if (BigInt.asIntN(64, value) !== value) throw new TypeError(`key.int8() needs 64 bits, signed; got ${value}`)
  return value
}

function checkInt4(n: number): number {
  if (Number.isInteger(n) && n >= -LARGEST_INT4 - 1 && n <= LARGEST_INT4) return n === 0 ? 0 : n
  throw new TypeError(`key.int4() needs two integers of 32 bits, signed; got ${String(n)}`)
}

function crcOf(text: string): bigint {
  return BigInt(crc32(text))
}

function low31(n: bigint): number {
  return Number(BigInt.asUintN(31, n))
}

/** Seven bits a character, a 0, and 1s up to 64 bits. */
function packedAscii(name: string): bigint {
  const bits = Array.from(Buffer.from(name), (byte) => byte.toString(2).padStart(7, '0')).join('')
  return BigInt(`0b${`${bits}0`.padEnd(64, '1')}`)
}

function halves(bits: bigint): [number, number] {
  return [Number(BigInt.asIntN(32, bits >> 32n)), Number(BigInt.asIntN(32, bits))]
}

function digest(algorithm: string, text: string): Buffer {
  return createHash(algorithm).update(text).digest()
}

function firstInt8(algorithm: string, text: string): bigint {
  return digest(algorithm, text).readBigInt64BE(0)
}
