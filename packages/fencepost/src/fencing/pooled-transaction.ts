import { asError } from '../ground/as-error.ts'
import { FencepostError } from '../ground/errors.ts'
import {
  CommitUncertainError,
  TransactionCutError,
  TransactionLostError,
  type TransactionOwner,
} from '../ground/transaction-errors.ts'
import { checkOut, type Notice, type PooledClient } from '../postgres/on-pool.ts'
import type { Queryable } from '../postgres/queryable.ts'
import type { Schema } from '../postgres/schema.ts'
import type { Origin } from '../postgres/target.ts'
import { isEndOfSession, isUnreplicated, sqlState } from '../wire/sql-state.ts'
import { lend } from './lend.ts'

/**
 * A connection of the pool in a transaction of ours, until the function it was lent to is done: after that a query is refused
 * (`TransactionOverError`). Do not send BEGIN, COMMIT or ROLLBACK on it (`TransactionCutError`).
 */
export type Transaction = Queryable

/** What makes one kind of transaction differ from another. */
export interface Frame<T> {
  readonly owner: TransactionOwner
  readonly schema: Schema
  /** Aborts when the transaction can no longer commit. */
  readonly lost: AbortSignal
  readonly run: (tx: Transaction) => Promise<T>
  /** The message it begins with, as of when there is a connection. */
  opening(origin: Origin): string
  /** The message it ends with: a procedure that says 25000 where the function has ended the transaction itself, and COMMIT. */
  closing(result: T): string
  /** A refusal of the server as a caller can act on it; anything else as it is. */
  describe(error: unknown): unknown
}

/** How long a transaction that is lost may go on without an end, which it may never hear of if the network is gone. */
const LOST_MS = 5000
/** invalid_transaction_state, as the procedures that travel with COMMIT say it. */
const CUT = '25000'

/**
 * Runs the function of `frame` in a transaction on a connection of the pool, which is given back. Whatever guards it travels
 * together with BEGIN and COMMIT, so it costs no round trip more than another, and one that is frozen in the middle keeps nobody waiting.
 */
export async function pooledTransaction<T>(origin: Origin, frame: Frame<T>): Promise<T> {
  const { owner, lost, schema } = frame
  using checkedOut = await checkOut({ origin, schema })
  const { client } = checkedOut
  using _ = endAfter(lost, client)
  try {
    await client.query(frame.opening(origin))
    const result = await lend(client, owner, frame.run)
    if (checkedOut.broken !== undefined) throw new TransactionLostError(owner, checkedOut.broken)
    await commit(client, owner, frame.closing(result))
    return result
  } catch (error) {
    const isLost = error === checkedOut.broken || isEndOfSession(error)
    await client.query('rollback').catch((failed: unknown) => (checkedOut.broken ??= asError(failed)))
    // A protected table refuses in the middle of the work.
    throw isLost ? new TransactionLostError(owner, asError(error)) : frame.describe(error)
  }
}

/** Ends the connection some time after `lost`, until it is disposed of. */
function endAfter(lost: AbortSignal, client: PooledClient): Disposable {
  const clients = clientsUnder(lost)
  clients.add(client)
  if (lost.aborted) endLater(clients)
  return { [Symbol.dispose]: () => void clients.delete(client) }
}

/** The connections that are in a transaction under one lock, several held together, or of one job. */
const busy = new WeakMap<AbortSignal, Set<PooledClient>>()

/** With one listener for all of them: to add and remove one for each transaction costs as much as the rest of what is done here. */
function clientsUnder(lost: AbortSignal): Set<PooledClient> {
  let clients = busy.get(lost)
  if (clients === undefined) {
    busy.set(lost, (clients = new Set()))
    lost.addEventListener('abort', endLater.bind(undefined, clients), { once: true })
  }
  return clients
}

function endLater(clients: Set<PooledClient>): void {
  setTimeout(() => {
    for (const client of clients) void client.end().catch(() => {})
  }, LOST_MS).unref()
}

async function commit(client: PooledClient, owner: TransactionOwner, closing: string): Promise<void> {
  let unreplicated: Notice | undefined
  const listen = (notice: Notice) => {
    if (isUnreplicated(notice)) unreplicated = notice
  }
  client.on('notice', listen)
  try {
    await client.query(closing)
  } catch (error) {
    if (sqlState(error) === CUT) throw new TransactionCutError(owner, asError(error))
    throw isRefusal(error) ? error : new CommitUncertainError(owner, asError(error))
  } finally {
    client.off('notice', listen)
  }
  if (unreplicated !== undefined) throw new CommitUncertainError(owner, new Error(unreplicated.message))
}

/** An error of the server says that it did not commit; one that ends the session may come after a commit. */
function isRefusal(error: unknown): boolean {
  return error instanceof FencepostError || (sqlState(error) !== undefined && !isEndOfSession(error))
}
