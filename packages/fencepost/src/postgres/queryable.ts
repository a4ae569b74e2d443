/** What a statement is sent through: text with $1, $2 … and its values. A `pg` client, pool client or pool fits. */
export interface Queryable {
  query<Row = Record<string, unknown>>(
    text: string,
    values?: unknown[],
  ): Promise<{ rows: Row[]; rowCount: number | null }>
}

/** Not a pool, be it of `pg`, TypeORM or Sequelize: each query of one may go elsewhere. */
export interface OneConnection {
  readonly totalCount?: never
  readonly createQueryRunner?: never
  readonly authenticate?: never
}

/** A `pg` client inside a transaction, or what has its `query`. A pool is refused by its type. */
export interface InTransaction extends OneConnection {
  // oxlint-disable-next-line typescript/no-explicit-any -- drivers type their rows in their own ways
  query(text: string, values?: any[]): Promise<{ rows: any[] }>
}

/** As much of a `pg.Pool` as we use. It is never closed and no lock is ever held on it. */
export interface PoolLike {
  // oxlint-disable-next-line typescript/no-explicit-any -- the pool's own client, whatever its version calls it
  connect(): Promise<any>
  readonly options: object
  readonly totalCount: number
}

/** Whether a value, a function with properties of its own perhaps, has methods of these names. */
export function hasMethods(value: object, ...names: readonly string[]): boolean {
  return names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function')
}
