import { StaleTokenError } from '../ground/errors.ts'
import { asError } from '../ground/as-error.ts'
import { TruncateRefusedError, UnguardedWriteError } from './protect-errors.ts'
import { sqlState } from '../wire/sql-state.ts'
import type { InTransaction } from '../postgres/queryable.ts'
import type { Fence } from './fence.ts'

/**
 * Refuses to let a transaction commit once its lock has been let go of or lost. It passes the name's gate and
 * keeps it to the end of the transaction, so it costs least as the last statement before COMMIT. What the transaction writes
 * to protected tables has to come after it.
 *
 * @throws {StaleTokenError} if the token is no longer held (SQLSTATE LK001). The transaction cannot go on; do not retry.
 * @throws the driver's error with SQLSTATE 40001 if its snapshot is older than the lock: lock before you begin.
 */
export async function guard(tx: InTransaction, fence: Fence): Promise<void> {
  const { name, token, namespace, session, freezeMs, seen, schema } = fence
  try {
    await tx.query(
      schema.place(`select fencepost.guard($1, $2, $3, $4, $5 * interval '1 ms', $6::text::pg_snapshot)`),
      [name, token, namespace, session, freezeMs, seen],
    )
  } catch (error) {
    throw describeRefusal(error, fence)
  }
}

/** LK001 as a `StaleTokenError`, which is told to whoever listens, and what a protected table refuses; anything else as it is. */
export function describeRefusal(error: unknown, fence: Fence | undefined): unknown {
  if (sqlState(error) === 'LK005') return new UnguardedWriteError(asError(error))
  if (sqlState(error) === 'LK006') return new TruncateRefusedError(asError(error))
  if (sqlState(error) !== 'LK001' || fence === undefined) return error
  const refusal = new StaleTokenError(fence.name, fence.token, asError(error))
  fence.events.refused(fence, refusal)
  return refusal
}
