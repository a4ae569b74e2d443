import { placeValues, type Value } from '../postgres/place-values.ts'
import { hasMethods, type InTransaction } from '../postgres/queryable.ts'
import { serverErrorOf } from '../wire/sql-state.ts'
import { drizzle, type DrizzleTransaction } from './drizzle.ts'
import { knex, type KnexTransaction } from './knex.ts'
import { kysely, type KyselyTransaction } from './kysely.ts'
import { mikroOrm, type MikroOrmTransaction } from './mikro-orm.ts'
import { postgresJs, type PostgresJsTransaction } from './postgres-js.ts'
import { prisma, type PrismaTransaction } from './prisma.ts'
import { sequelize, type SequelizeTransaction } from './sequelize.ts'
import { NotInTransactionError } from './transaction-errors.ts'
import { typeOrm, type TypeOrmTransaction } from './typeorm.ts'

/** An open transaction of a client we know, in that client's own terms. None of them is a dependency. */
export type AnyTransaction =
  | InTransaction
  | PostgresJsTransaction
  | DrizzleTransaction
  | KyselyTransaction
  | KnexTransaction
  | PrismaTransaction
  | TypeOrmTransaction
  | MikroOrmTransaction
  | SequelizeTransaction

/** How statements get into a transaction, whoever's it is. */
export interface InsideTransaction {
  /** @throws {NotInTransactionError} if the server says that none is open; else whatever the client throws. */
  query<Row = Record<string, unknown>>(text: string, values?: readonly Value[]): Promise<{ rows: Row[] }>
}

interface Client {
  readonly client: string
  /** What to pass where it is not a transaction. */
  readonly advice: string
  /** Whether it is something of this client, in a transaction or not. */
  accepts(tx: object): boolean
  /** As far as the client knows. */
  isOpen(tx: object): boolean
  send(tx: object, text: string): PromiseLike<unknown>
}

/** A connection of `pg`, or of whatever has its `query`. Whether a transaction is open, the server tells. */
const pg = {
  client: 'pg',
  advice: 'send BEGIN on this client first, and COMMIT after the guard',
  accepts: (tx: object) => hasMethods(tx, 'query'),
  isOpen: () => true,
  send: (tx: InTransaction, text: string) => tx.query(text),
}

// pg last: others have a `query` too.
const CLIENTS = [postgresJs, drizzle, kysely, knex, prisma, mikroOrm, sequelize, typeOrm, pg] as readonly Client[]

/**
 * What is sent travels as one text, by the simple protocol, with its values in it: the only form that all these clients pass on
 * as it is, and the one in which the server can tell whether a transaction is open (`fencepost.require_transaction`).
 *
 * @throws {NotInTransactionError} if the client itself says that it is not in a transaction.
 * @throws {TypeError} for a pool, and for what is of no client we know.
 */
export function asQueryable(tx: AnyTransaction): InsideTransaction {
  const found = clientOf(tx)
  if (!found.isOpen(tx)) throw new NotInTransactionError(found.advice)
  return {
    query: async <Row>(text: string, values: readonly Value[] = []) => {
      try {
        return { rows: rowsOf(await found.send(tx, placeValues(text, values))) as Row[] }
      } catch (error) {
        // no_active_sql_transaction
        if (serverErrorOf(error)?.code === '25P01') throw new NotInTransactionError(found.advice, { cause: error })
        throw error
      }
    },
  }
}

function clientOf(tx: unknown): Client {
  const isObject = (typeof tx === 'object' && tx !== null) || typeof tx === 'function'
  if (isObject && 'totalCount' in tx) {
    throw new TypeError(
      'a connection inside a transaction is needed; it got a pool, each of whose queries may go elsewhere',
    )
  }
  const found = isObject ? CLIENTS.find((client) => client.accepts(tx)) : undefined
  if (found !== undefined) return found
  const known = CLIENTS.map(({ client }) => client).join(', ')
  throw new TypeError(
    `an open transaction of one of these is needed: ${known}; got ${isObject ? 'an object of none of them' : String(tx)}`,
  )
}

function rowsOf(result: unknown): unknown {
  return Array.isArray(result) ? result : (result as { rows?: unknown }).rows
}
