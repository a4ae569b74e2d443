import type { ForeignKey } from '../ground/foreign-key.ts'
import { key } from './key.ts'

/** Where an advisory key was seen. */
export interface KeyPlace {
  /** As `current_database()` has it. */
  readonly database: string
  /** Of the database: golang-migrate and pg-boss make theirs of the schema they work in. */
  readonly schemas: readonly string[]
}

// With a hash of 32 bits of the table with its history added.
const FLYWAY = 77431708279161n
const FLYWAY_REACH = 2n ** 31n
/** The letters BULL; the other half is a hash of its schema. */
const BULLMQ = 0x42554c4c

/**
 * What an advisory key is known for by its number, say `'Prisma Migrate'`; null if nobody knows. For databases without our schema, in
 * which `known_keys.sql` tells the same.
 */
export function programOf(number: bigint | readonly [number, number], place: KeyPlace): string | null {
  if (typeof number !== 'bigint') return number[0] === BULLMQ ? 'BullMQ migrations' : null
  const known = knownKeys(place).find(([one]) => one.int8 === number)
  if (known !== undefined) return known[1]
  return number >= FLYWAY - FLYWAY_REACH && number < FLYWAY + FLYWAY_REACH ? 'Flyway' : null
}

function knownKeys({ database, schemas }: KeyPlace): [ForeignKey, string][] {
  return [
    [key.prisma(), 'Prisma Migrate'],
    [key.kysely(), 'Kysely migrations'],
    [key.nodePgMigrate(), 'node-pg-migrate'],
    [key.int8(-8525285245963000605n), 'postgres-migrations'],
    [key.int8(9628173550095224n), 'tern'],
    [key.int8(75474063n), 'Sqitch'],
    [key.goose(), 'goose'],
    // Older ones.
    [key.int8(5887940537704921958n), 'goose'],
    [key.rails(database), 'Rails migrations'],
    [key.sqlx(database), 'sqlx migrations'],
    ...schemas.flatMap((schema): [ForeignKey, string][] => [
      [key.golangMigrate(database, { schema }), 'golang-migrate'],
      // Started with a URL, it takes the slash before the name of the database along.
      [key.golangMigrate(`/${database}`, { schema }), 'golang-migrate'],
      [key.pgBoss(database, { schema }), 'pg-boss migrations'],
    ]),
  ]
}
