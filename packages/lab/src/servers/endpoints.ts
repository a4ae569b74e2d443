/** What a lock may run on, besides the PostgreSQL in which the ledger is. */
export const SERVER_KINDS = ['redis', 'five-redis', 'etcd', 'zookeeper', 'pgbouncer'] as const
export type ServerKind = (typeof SERVER_KINDS)[number]

/** Where servers are; those that a contender does not ask for are empty. */
export interface Endpoints {
  /** With the ledger in it; a superuser's. */
  readonly postgres: string
  /** The same database through PgBouncer in transaction mode. */
  readonly pgbouncer: string
  /** One, or five. */
  readonly redis: readonly { readonly host: string; readonly port: number }[]
  /** `http://host:port`, where it speaks JSON. */
  readonly etcd: string
  /** `host:port` */
  readonly zookeeper: string
}
