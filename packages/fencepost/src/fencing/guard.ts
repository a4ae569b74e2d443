import { StaleTokenError } from '../ground/errors.ts'
import { asError, sqlState } from '../postgres/driver-error.ts'
import type { InTransaction } from '../postgres/queryable.ts'
import type { Fence } from './fence.ts'

/**
 * Refuses to let a transaction commit once the lock has been granted to somebody else. It passes the name's gate and
 * keeps it to the end of the transaction, so it costs least as the last statement before COMMIT.
 *
 * @throws {StaleTokenError} if there is a newer token (SQLSTATE LK001). The transaction cannot go on; do not retry.
 */
export async function guard(tx: InTransaction, fence: Fence): Promise<void> {
  const { name, token, namespace, session, freezeMs, schema } = fence
  try {
    await tx.query(schema.place(`select fencepost.guard($1, $2, $3, $4, $5 * interval '1 ms')`), [
      name,
      token,
      namespace,
      session,
      freezeMs,
    ])
  } catch (error) {
    throw describeRefusal(error, fence)
  }
}

/** LK001 as a `StaleTokenError`; anything else as it is. */
export function describeRefusal(error: unknown, { name, token }: Fence): unknown {
  return sqlState(error) === 'LK001' ? new StaleTokenError(name, token, asError(error)) : error
}
