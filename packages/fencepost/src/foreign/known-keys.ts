import { key } from './key.ts'

/** What a database tells of itself that keys of other programs are made of. */
export interface Surroundings {
  readonly database: string
  readonly schemas: readonly { readonly name: string; readonly isMigrated: boolean }[]
}

/** An advisory key: of 64 bits, or a pair of 32. */
export type AdvisoryKey = bigint | readonly [number, number]

const FLYWAY = 77431708279161n
const BULLMQ = 0x42554c4c
const HALF_RANGE = 2n ** 31n

/** As SQL's `fencepost.known_keys()`, for databases that do not have it. */
export function knownKeys({ database, schemas }: Surroundings): Map<bigint, string> {
  const known = new Map<bigint, string>([
    [-8525285245963000605n, 'postgres-migrations'],
    [9628173550095224n, 'tern'],
    [75474063n, 'Sqitch'],
    [5887940537704921958n, 'goose'],
  ])
  const add = ({ int8 }: { readonly int8: bigint | null }, means: string) => int8 !== null && known.set(int8, means)
  add(key.prisma(), 'Prisma Migrate')
  add(key.kysely(), 'Kysely migrations')
  add(key.nodePgMigrate(), 'node-pg-migrate')
  add(key.goose(), 'goose')
  add(key.rails(database), 'Rails migrations')
  add(key.sqlx(database), 'sqlx migrations')
  for (const { name: schema, isMigrated } of schemas) {
    add(key.pgBoss(database, { schema }), 'pg-boss migrations')
    if (!isMigrated && schema !== 'public') continue
    // Started with a URL, it takes the slash before the name of the database along.
    for (const path of [database, `/${database}`]) add(key.golangMigrate(path, { schema }), 'golang-migrate')
  }
  return known
}

/** As SQL's `fencepost.known_range(key, pair)`. */
export function knownRange(advisory: AdvisoryKey): string | null {
  if (typeof advisory !== 'bigint') return advisory[0] === BULLMQ ? 'BullMQ migrations' : null
  return advisory >= FLYWAY - HALF_RANGE && advisory < FLYWAY + HALF_RANGE ? 'Flyway' : null
}

/** What an advisory key is known for by its number, say `'Prisma Migrate'`; null if nobody knows. */
export function programOf(advisory: AdvisoryKey, surroundings: Surroundings): string | null {
  const known = typeof advisory === 'bigint' ? knownKeys(surroundings).get(advisory) : undefined
  return known ?? knownRange(advisory)
}
