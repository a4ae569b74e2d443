import { hasMethods } from '../postgres/queryable.ts'

/** A `Transaction` of Kysely, controlled or not. */
export interface KyselyTransaction {
  readonly isTransaction: true
  // oxlint-disable-next-line typescript/no-explicit-any -- its CompiledQuery is generic
  executeQuery(query: any): Promise<unknown>
}

export const kysely = {
  client: 'Kysely',
  advice: 'pass what db.transaction().execute calls back with: db.transaction().execute((tx) => lock.guard(tx))',
  accepts: (tx: object) => hasMethods(tx, 'executeQuery', 'selectFrom'),
  isOpen: (tx: { isTransaction?: unknown }) => tx.isTransaction === true,
  send: (tx: KyselyTransaction, text: string) => tx.executeQuery(rawQuery(text)),
}

/** What `CompiledQuery.raw(text)` makes. */
function rawQuery(text: string): object {
  const query = { kind: 'RawNode', sqlFragments: [text], parameters: [] }
  return { sql: text, query, parameters: [], queryId: { queryId: crypto.randomUUID() } }
}
