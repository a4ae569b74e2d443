import { hasMethods } from '../postgres/queryable.ts'

/** The client of an interactive transaction of Prisma: it cannot connect, the one outside can. */
export interface PrismaTransaction {
  $queryRawUnsafe(text: string): PromiseLike<unknown>
  readonly $connect?: never
}

export const prisma = {
  client: 'Prisma',
  advice: 'pass what prisma.$transaction calls back with: prisma.$transaction((tx) => lock.guard(tx))',
  accepts: (tx: object) => hasMethods(tx, '$queryRawUnsafe'),
  isOpen: (tx: object) => !hasMethods(tx, '$connect'),
  send: (tx: PrismaTransaction, text: string) => tx.$queryRawUnsafe(text),
}
