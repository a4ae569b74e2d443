import { StaleTokenError } from '../ground/errors.ts'
import { asError } from '../ground/as-error.ts'
import { TruncateRefusedError, UnguardedWriteError } from './protect-errors.ts'
import { type AnyTransaction, asQueryable } from '../adapters/any-transaction.ts'
import { serverErrorOf } from '../wire/sql-state.ts'
import type { Fence } from './fence.ts'

/**
 * Refuses to let a transaction commit once its lock has been let go of or lost. It passes the name's gate and
 * keeps it to the end of the transaction, so it costs least as the last statement before COMMIT. What the transaction writes
 * to protected tables has to come after it.
 *
 * @throws {StaleTokenError} if the token is no longer held (SQLSTATE LK001). The transaction cannot go on; do not retry.
 * @throws {NotInTransactionError} if no transaction is open: there is nothing to refuse.
 * @throws the client's error with SQLSTATE 40001 if its snapshot is older than the lock: lock before you begin.
 */
export async function guard(tx: AnyTransaction, fence: Fence): Promise<void> {
  const { name, token, namespace, session, freezeMs, seen, schema } = fence
  const text = `select fencepost.require_transaction(),
    fencepost.guard($1, $2, $3, $4, make_interval(secs => $5), $6)`
  const inside = asQueryable(tx)
  try {
    await inside.query(schema.place(text), [name, token, namespace, session, freezeMs / 1000, seen])
  } catch (error) {
    throw describeRefusal(error, fence)
  }
}

/** LK001 as a `StaleTokenError`, which is told to whoever listens, and what a protected table refuses; anything else as it is. */
export function describeRefusal(error: unknown, fence: Fence | undefined): unknown {
  const said = serverErrorOf(error)
  const cause = said instanceof Error ? said : asError(error)
  if (said?.code === 'LK005') return new UnguardedWriteError(cause)
  if (said?.code === 'LK006') return new TruncateRefusedError(cause)
  if (said?.code !== 'LK001' || fence === undefined) return error
  const refusal = new StaleTokenError(fence.name, fence.token, cause, said.detail)
  fence.events.refused(fence, refusal)
  return refusal
}
