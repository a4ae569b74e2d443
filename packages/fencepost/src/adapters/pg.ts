import { hasMethods, type InTransaction } from '../postgres/queryable.ts'

/** A connection of `pg`, or of whatever has its `query`. Whether a transaction is open, the server tells. */
export const pg = {
  client: 'pg',
  advice: 'send BEGIN on this client first, and COMMIT after the guard',
  accepts: (tx: object) => hasMethods(tx, 'query'),
  isOpen: () => true,
  send: (tx: InTransaction, text: string) => tx.query(text),
}
