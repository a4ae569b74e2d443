import { hasMethods, type OneConnection } from '../postgres/queryable.ts'

/** The `EntityManager` that `dataSource.transaction` calls back with, or a `QueryRunner` that has begun one. */
export interface TypeOrmTransaction extends OneConnection {
  // oxlint-disable-next-line typescript/no-explicit-any -- as TypeORM has it
  query(text: string): Promise<any>
  readonly queryRunner?: Active | undefined
  readonly manager?: object
}

interface Active {
  readonly isTransactionActive: boolean
}

export const typeOrm = {
  client: 'TypeORM',
  advice: 'pass what dataSource.transaction calls back with, or a query runner after startTransaction()',
  accepts: (tx: object) => hasMethods(tx, 'query') && (hasMethods(tx, 'getRepository') || 'isTransactionActive' in tx),
  isOpen: (tx: Partial<Active> & { queryRunner?: Active }) =>
    (tx.isTransactionActive ?? tx.queryRunner?.isTransactionActive) === true,
  send: (tx: TypeOrmTransaction, text: string) => tx.query(text),
}
