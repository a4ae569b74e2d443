import pg from 'pg'
import type { Player } from '../history/event.ts'

export const AMOUNT = 10
const BALANCE = 100

// Deliberately no unique constraint on ledger.invoice: only the lock and the fence are to keep a second payout out.
const TABLES = `
  create schema lab;
  create table lab.invoices (
    id integer primary key,
    balance integer not null default ${BALANCE},
    payouts integer not null default 0
  );
  create table lab.ledger (
    id integer generated always as identity primary key,
    invoice integer not null,
    payer text not null,
    written_at timestamptz not null default clock_timestamp()
  )`

/** What a process reads before it pays. */
export interface Reading {
  readonly isPaid: boolean
  readonly balance: number
}

/** Runs SQL with `$1` parameters. */
export interface Queryable {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>
}

/** What is counted in the end. */
export interface Count {
  readonly entries: readonly Player[]
  readonly lostUpdates: number
}

export async function createLedger(connection: Queryable): Promise<void> {
  await connection.query(TABLES)
}

export async function openInvoices(connection: Queryable, ids: readonly number[]): Promise<void> {
  await connection.query('insert into lab.invoices (id) select unnest($1::integer[])', [ids])
}

export async function readInvoice(connection: Queryable, invoice: number): Promise<Reading> {
  const { rows } = await connection.query(
    `select balance, exists (select from lab.ledger where invoice = $1) as "isPaid" from lab.invoices where id = $1`,
    [invoice],
  )
  return rows[0] as Reading
}

/** The first half of a payout; a process may be struck between the halves. */
export async function enter(tx: Queryable, invoice: number, payer: Player): Promise<void> {
  await tx.query('insert into lab.ledger (invoice, payer) values ($1, $2)', [invoice, payer])
}

/** The second half: what was read before is written back less the amount, as a program does that trusts its lock. */
export async function settle(tx: Queryable, invoice: number, { balance }: Reading): Promise<void> {
  await tx.query('update lab.invoices set balance = $2, payouts = payouts + 1 where id = $1', [
    invoice,
    balance - AMOUNT,
  ])
}

/** A payout of which the balance keeps nothing is an update that was lost. */
export async function count(connection: Queryable, invoice: number): Promise<Count> {
  const { rows } = await connection.query(
    `select payouts - (${BALANCE} - balance) / ${AMOUNT} as "lostUpdates",
      array(select payer from lab.ledger where invoice = $1 order by id) as entries
    from lab.invoices where id = $1`,
    [invoice],
  )
  return rows[0] as Count
}

/** A connection that is replaced when it breaks. */
export function openPool(url: string, application: string, limits: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({ ...limits, connectionString: url, max: 2, application_name: application })
  pool.on('error', () => {})
  // Of a client that is in use, too: without a listener the process would die of a connection that breaks.
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}

/** Begins, works and commits; a client whose transaction did not end well is not used again. */
export async function inTransaction(pool: pg.Pool, work: (tx: Queryable) => Promise<void>): Promise<void> {
  const client = await pool.connect()
  let isUsable = false
  try {
    await client.query('begin')
    await work(client)
    await client.query('commit')
    isUsable = true
  } finally {
    client.release(!isUsable)
  }
}
