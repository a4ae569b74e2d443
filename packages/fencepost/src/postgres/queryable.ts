/** What a statement is sent through: text with $1, $2 … and its values. A `pg` client, pool client or pool fits. */
export interface Queryable {
  query<Row = Record<string, unknown>>(
    text: string,
    values?: unknown[],
  ): Promise<{ rows: Row[]; rowCount: number | null }>
}

/** A `Queryable` that is one connection inside a transaction; a pool is refused by its type, each query may go elsewhere. */
export interface InTransaction {
  // oxlint-disable-next-line typescript/no-explicit-any -- drivers type their rows in their own ways
  query(text: string, values?: any[]): Promise<{ rows: any[] }>
  readonly totalCount?: never
}

/** As much of a `pg.Pool` as we use. It is never closed and no lock is ever held on it. */
export interface PoolLike {
  // oxlint-disable-next-line typescript/no-explicit-any -- the pool's own client, whatever its version calls it
  connect(): Promise<any>
  readonly options: object
  readonly totalCount: number
}
