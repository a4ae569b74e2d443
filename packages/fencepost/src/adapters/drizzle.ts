import { hasMethods } from '../postgres/queryable.ts'

/** What `db.transaction` of Drizzle calls back with, on any of its PostgreSQL drivers: only it can be rolled back. */
export interface DrizzleTransaction {
  execute(text: string): PromiseLike<unknown>
  rollback(): never
}

export const drizzle = {
  client: 'Drizzle',
  advice: 'pass what db.transaction calls back with: db.transaction((tx) => lock.guard(tx))',
  accepts: (tx: object) => hasMethods(tx, 'execute', 'select', 'transaction'),
  isOpen: (tx: object) => hasMethods(tx, 'rollback'),
  send: (tx: DrizzleTransaction, text: string) => tx.execute(text),
}
