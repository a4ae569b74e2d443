// The library has no general query API, and a payout without the fence is one that goes around the library: hence pg.
import { Pool } from 'pg'
import type { Queryable } from '../../index.ts'

export const ACCOUNTS = 10

export interface Invoice {
  readonly id: number
  readonly account: number
  /** Decimal, as PostgreSQL writes it. */
  readonly amount: string
}

export interface Payout {
  readonly invoice: Invoice
  readonly worker: number
  readonly token: number
}

/** What the tables say after a run. */
export interface Figures {
  /** Invoices that were paid at least once. */
  readonly payouts: number
  readonly ledgerEntries: number
  /** Invoices that were paid more than once. */
  readonly doublePayouts: number
  readonly unpaidInvoices: number
}

// Deliberately no unique constraint on ledger.invoice: only the lock and the fence are to keep a second payout out.
const TABLES = `
  create table demo.accounts (id integer primary key);
  create table demo.invoices (
    id integer primary key,
    account integer not null references demo.accounts,
    amount numeric(9, 2) not null check (amount > 0),
    paid_at timestamptz
  );
  create table demo.ledger (
    id integer generated always as identity primary key,
    invoice integer not null references demo.invoices,
    account integer not null references demo.accounts,
    amount numeric(9, 2) not null,
    worker integer not null,
    token bigint not null,
    paid_at timestamptz not null default clock_timestamp()
  )`

const FIGURES = `
  select count(distinct invoice)::integer as payouts, count(*)::integer as "ledgerEntries",
    (select count(*)::integer from (select from demo.ledger group by invoice having count(*) > 1) as twice) as "doublePayouts",
    (select count(*)::integer from demo.invoices where paid_at is null) as "unpaidInvoices"
  from demo.ledger`

/** The demo's own tables, in the schema that the library's are in. The SQL is written for `demo`; its name is put in. */
export class Ledger implements AsyncDisposable {
  readonly #pool: Pool
  readonly #schema: string

  constructor(url: string, schema: string) {
    this.#schema = schema
    this.#pool = new Pool({ connectionString: url, max: 2, connectionTimeoutMillis: 10_000, application_name: schema })
    // An idle client that breaks is replaced; without a listener the process would die of it.
    this.#pool.on('error', () => {})
  }

  /** As in `server_version_num`: 150018. */
  async serverVersion(): Promise<number> {
    const [row] = await this.#read<{ version: number }>(
      `select current_setting('server_version_num')::integer as version`,
    )
    return row?.version ?? 0
  }

  async create(invoices: number): Promise<void> {
    await this.#run(TABLES)
    await this.#read('insert into demo.accounts select generate_series(1, $1::integer)', [ACCOUNTS])
    await this.#read(
      `insert into demo.invoices (id, account, amount)
      select id, 1 + id % $2::integer, 5 + (id * 7919 % 9500) / 100.0 from generate_series(1, $1::integer) as id`,
      [invoices, ACCOUNTS],
    )
  }

  /** Takes back every payout. */
  async empty(): Promise<void> {
    await this.#run('truncate demo.ledger restart identity; update demo.invoices set paid_at = null')
  }

  async drop(): Promise<void> {
    await this.#run('drop schema if exists demo cascade')
  }

  /** One at random; null if all are paid. */
  async pickUnpaid(): Promise<Invoice | null> {
    const [invoice] = await this.#read<Invoice>(
      'select id, account, amount from demo.invoices where paid_at is null order by random() limit 1',
    )
    return invoice ?? null
  }

  async isPaid({ id }: Invoice): Promise<boolean> {
    const rows = await this.#read('select from demo.invoices where id = $1 and paid_at is not null', [id])
    return rows.length > 0
  }

  /** Writes the payout in the caller's transaction. */
  async pay(tx: Queryable, { invoice, worker, token }: Payout): Promise<void> {
    await tx.query(
      this.#place('insert into demo.ledger (invoice, account, amount, worker, token) values ($1, $2, $3, $4, $5)'),
      [invoice.id, invoice.account, invoice.amount, worker, token],
    )
    await tx.query(this.#place('update demo.invoices set paid_at = clock_timestamp() where id = $1'), [invoice.id])
  }

  /** Writes the payout in a plain transaction, as programs without a fence do. */
  async payUnguarded(payout: Payout): Promise<void> {
    const client = await this.#pool.connect()
    let isUsable = false
    try {
      await client.query('begin')
      await this.pay(client, payout)
      await client.query('commit')
      isUsable = true
    } finally {
      // After an error it may still be in its transaction.
      client.release(!isUsable)
    }
  }

  async figures(): Promise<Figures> {
    const [figures] = await this.#read<Figures>(FIGURES)
    if (figures === undefined) throw new Error('the ledger gave no figures')
    return figures
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.end()
  }

  async #read<Row extends object>(sql: string, values?: unknown[]): Promise<Row[]> {
    const { rows } = await this.#pool.query<Row>(this.#place(sql), values)
    return rows
  }

  async #run(script: string): Promise<void> {
    await this.#pool.query(this.#place(script))
  }

  #place(sql: string): string {
    return sql.replace(/\bdemo(?=\.| cascade)/g, `"${this.#schema}"`)
  }
}
