import { hasMethods } from '../postgres/queryable.ts'

/** What `sql.begin` of postgres.js calls back with: only it has savepoints. */
export interface PostgresJsTransaction {
  // oxlint-disable-next-line typescript/no-explicit-any -- generic in its rows
  unsafe(text: string): PromiseLike<any>
  // oxlint-disable-next-line typescript/no-explicit-any -- overloaded
  savepoint(...args: any[]): PromiseLike<any>
}

export const postgresJs = {
  client: 'postgres.js',
  advice: 'pass what sql.begin calls back with: sql.begin((tx) => lock.guard(tx))',
  accepts: (tx: object) => hasMethods(tx, 'unsafe'),
  isOpen: (tx: object) => hasMethods(tx, 'savepoint'),
  send: (tx: PostgresJsTransaction, text: string) => tx.unsafe(text),
}
