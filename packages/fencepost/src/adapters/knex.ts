import { hasMethods } from '../postgres/queryable.ts'

/** A `Knex.Transaction`: only it can be completed. */
export interface KnexTransaction {
  // oxlint-disable-next-line typescript/no-explicit-any -- a builder of its own
  raw(text: string): PromiseLike<any>
  isCompleted(): boolean
}

export const knex = {
  client: 'Knex',
  advice: 'pass what knex.transaction calls back with: knex.transaction((trx) => lock.guard(trx))',
  accepts: (tx: object) => hasMethods(tx, 'raw', 'transaction', 'select'),
  isOpen: (tx: { isTransaction?: unknown; isCompleted?: () => boolean }) =>
    tx.isTransaction === true && tx.isCompleted?.() !== true,
  // No `?` of ours is a placeholder: no text of ours has one.
  send: (tx: KnexTransaction, text: string) => tx.raw(text),
}
