import { type AnyTransaction, asQueryable } from '../adapters/any-transaction.ts'
import { AlreadyHeldError, NotBootedError, WrongIsolationError } from '../adapters/transaction-errors.ts'
import { asError } from '../ground/as-error.ts'
import { type Duration, parseDuration } from '../ground/duration.ts'
import { LockTimeoutError } from '../ground/errors.ts'
import { checkName, checkNamespace } from '../ground/name.ts'
import { Schema } from '../postgres/schema.ts'
import { serverErrorOf } from '../wire/sql-state.ts'

export interface TransactionLockOptions {
  /** How long to wait for it. Default: for as long as `lock_timeout` of the transaction lets it, which is for ever if it is not set. */
  readonly wait?: Duration
}

/** Where the lock is, and when its transaction is given up, for whoever has no `fp` that knows. */
export interface TransactionLockPlace {
  /** Default `'default'`. */
  readonly namespace?: string
  /** Default `'fencepost'`. */
  readonly schema?: string
  /** The server ends the transaction if it sits idle for longer. Default `'60s'`; `false`: never. */
  readonly freezeTimeout?: Duration | false
}

/** The same, parsed. */
export interface TransactionWish {
  readonly waitMs: number | null
  readonly namespace: string
  readonly schema: Schema
  readonly freezeMs: number
}

const KNOWN = ['wait', 'namespace', 'schema', 'freezeTimeout']

/**
 * Takes a lock inside an open READ COMMITTED transaction of any client, until that transaction ends; what earlier holders
 * wrote is seen by the statements after it, and what they have not committed yet is refused (`StaleTokenError` on their side).
 * Asked for the same name again it returns the same token. Whoever waits here waits with an open transaction, in the server's own
 * queue and not in the line; `fp.transaction` does neither.
 *
 * @returns the token: larger than that of every earlier holder, also if the transaction is rolled back.
 * @throws {LockTimeoutError} after `wait`. After any error the transaction cannot go on.
 * @throws {WrongIsolationError | NotInTransactionError | AlreadyHeldError | NotBootedError | TypeError}
 */
export async function lockInTransaction(
  tx: AnyTransaction,
  name: string,
  options: TransactionLockOptions & TransactionLockPlace = {},
): Promise<number> {
  for (const option of Object.keys(options)) {
    if (!KNOWN.includes(option)) throw new TypeError(`unknown option '${option}'; there are ${KNOWN.join(', ')}`)
  }
  const { wait, namespace = 'default', freezeTimeout = '60s' } = options
  checkNamespace(namespace)
  const waitMs = wait === undefined ? null : parseDuration(wait, 'wait')
  const freezeMs = freezeTimeout === false ? 0 : parseDuration(freezeTimeout, 'freezeTimeout')
  return await takeInTransaction(tx, name, { waitMs, namespace, schema: new Schema(options.schema), freezeMs })
}

/** `lockInTransaction` after its options were parsed. */
export async function takeInTransaction(tx: AnyTransaction, name: string, wish: TransactionWish): Promise<number> {
  checkName(name)
  const { waitMs, namespace, schema, freezeMs } = wish
  const text = `select fencepost.require_transaction(), fencepost.watch_client(make_interval(secs => $1)),
    cast(fencepost.lock_in_transaction($2, make_interval(secs => $3), $4) as text) as token`
  const inside = asQueryable(tx)
  const startedAt = performance.now()
  try {
    const values = [freezeMs / 1000, name, waitMs === null ? null : waitMs / 1000, namespace]
    const { rows } = await inside.query<{ token: string }>(schema.place(text), values)
    return Number(rows[0]?.token)
  } catch (error) {
    throw describeFailure(error, name, performance.now() - startedAt)
  }
}

function describeFailure(error: unknown, name: string, waitedMs: number): unknown {
  switch (serverErrorOf(error)?.code) {
    case 'LK002':
      return new WrongIsolationError(name, asError(error))
    case 'LK003':
      return new AlreadyHeldError(name, asError(error))
    case 'LK004':
      return new NotBootedError(asError(error))
    // lock_not_available. The transaction cannot be asked who holds it.
    case '55P03':
      return new LockTimeoutError(name, waitedMs, { holder: null, waiting: 0 })
    default:
      return error
  }
}
