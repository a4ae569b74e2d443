import { hasMethods } from '../postgres/queryable.ts'

/** A `Transaction` of Sequelize 6, managed or not. */
export interface SequelizeTransaction {
  readonly LOCK: object
  commit(): Promise<unknown>
  rollback(): Promise<unknown>
}

/** What its types leave out. */
interface Inside {
  readonly finished?: string
  readonly sequelize: { query(text: string, options: object): Promise<unknown> }
}

export const sequelize = {
  client: 'Sequelize',
  advice: 'pass the transaction: sequelize.transaction((transaction) => lock.guard(transaction))',
  accepts: (tx: object) => ('sequelize' in tx && hasMethods(tx, 'commit')) || hasMethods(tx, 'authenticate'),
  isOpen: (tx: object) => 'sequelize' in tx && (tx as Inside).finished === undefined,
  send: (tx: SequelizeTransaction, text: string) =>
    (tx as unknown as Inside).sequelize.query(text, { transaction: tx, type: 'SELECT' }),
}
