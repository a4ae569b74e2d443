// Compiled by a test, never run: the transaction of each client fits, what it has besides does not where its types tell.
import type { EntityManager as MikroManager } from '@mikro-orm/postgresql'
import type { PrismaClient } from '@prisma/client'
import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import type { Lock } from 'fencepost'
import type { Knex } from 'knex'
import type { ControlledTransaction, Kysely, Transaction as KyselyTransaction } from 'kysely'
import type { Sql } from 'postgres'
import type { Sequelize, Transaction as SequelizeTransaction } from 'sequelize'
import type { DataSource, EntityManager, QueryRunner } from 'typeorm'

declare const lock: Lock
declare const sql: Sql
declare const nodePg: NodePgDatabase
declare const postgresJs: PostgresJsDatabase
declare const kysely: Kysely<{ effects: { who: string } }>
declare const kyselyTransaction: KyselyTransaction<{ effects: { who: string } }>
declare const controlled: ControlledTransaction<{ effects: { who: string } }>
declare const knex: Knex
declare const knexTransaction: Knex.Transaction
declare const prisma: PrismaClient
declare const source: DataSource
declare const manager: EntityManager
declare const runner: QueryRunner
declare const mikro: MikroManager
declare const sequelize: Sequelize
declare const sequelizeTransaction: SequelizeTransaction

export async function accepted(): Promise<void> {
  await sql.begin((tx) => lock.guard(tx))
  await nodePg.transaction((tx) => lock.guard(tx))
  await postgresJs.transaction((tx) => lock.guard(tx))
  await kysely.transaction().execute((tx) => lock.guard(tx))
  await lock.guard(kyselyTransaction)
  await lock.guard(controlled)
  await knex.transaction((trx) => lock.guard(trx))
  await lock.guard(knexTransaction)
  await prisma.$transaction((tx) => lock.guard(tx))
  await source.transaction((tx) => lock.guard(tx))
  await lock.guard(manager)
  await lock.guard(runner)
  await mikro.transactional((em) => lock.guard(em))
  await sequelize.transaction((transaction) => lock.guard(transaction))
  await lock.guard(sequelizeTransaction)
}

export async function refused(): Promise<void> {
  // @ts-expect-error -- each of its queries may run on another connection
  await lock.guard(sql)
  // @ts-expect-error -- the same
  await lock.guard(await sql.reserve())
  // @ts-expect-error -- the same
  await lock.guard(nodePg)
  // @ts-expect-error -- the same
  await lock.guard(postgresJs)
  // @ts-expect-error -- the same
  await lock.guard(kysely)
  // @ts-expect-error -- the same
  await lock.guard(knex)
  // @ts-expect-error -- the same
  await lock.guard(prisma)
  // @ts-expect-error -- the same
  await lock.guard(source)
  // @ts-expect-error -- the same
  await lock.guard(sequelize)
}
