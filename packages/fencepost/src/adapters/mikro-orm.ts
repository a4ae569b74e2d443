import { hasMethods } from '../postgres/queryable.ts'

/** The `EntityManager` of MikroORM inside a transaction, as `em.transactional` calls back with. */
export interface MikroOrmTransaction {
  isInTransaction(): boolean
  // oxlint-disable-next-line typescript/no-explicit-any -- a type of the driver
  getTransactionContext(): any
  getConnection(): {
    // oxlint-disable-next-line typescript/no-explicit-any -- takes builders too
    execute(text: any, values?: any[], method?: 'all', context?: any): Promise<any>
  }
}

export const mikroOrm = {
  client: 'MikroORM',
  advice: 'pass what em.transactional calls back with: em.transactional((em) => lock.guard(em))',
  accepts: (tx: object) => hasMethods(tx, 'isInTransaction', 'getTransactionContext'),
  isOpen: (tx: MikroOrmTransaction) => tx.isInTransaction(),
  send: (tx: MikroOrmTransaction, text: string) =>
    tx.getConnection().execute(text, [], 'all', tx.getTransactionContext()),
}
