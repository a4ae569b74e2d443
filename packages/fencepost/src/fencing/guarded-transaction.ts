import { CommitUncertainError, FencepostError, TransactionLostError } from '../ground/errors.ts'
import { asError, describeFailure, sqlState } from '../postgres/driver-error.ts'
import type { Queryable } from '../postgres/queryable.ts'
import { literal, type Origin } from '../postgres/target.ts'
import type { Fence } from './fence.ts'
import { describeRefusal } from './guard.ts'

export type Isolation = 'read committed' | 'repeatable read' | 'serializable'

/** A connection of the pool in a guarded transaction. Do not send BEGIN, COMMIT or ROLLBACK on it. */
export type Transaction = Queryable

/** What to do in a transaction, and at which level. */
export interface Work<T> {
  readonly isolation: Isolation
  readonly run: (tx: Transaction) => Promise<T>
}

interface PooledClient extends Queryable {
  release(error?: Error | boolean): void
  on(event: 'error', listener: (error: Error) => void): void
  off(event: 'error', listener: (error: Error) => void): void
}

/**
 * Runs `work` in a transaction that commits only while the fence stands. The token is looked at together with BEGIN,
 * to fail early, and guarded together with COMMIT: no round trip more than an unguarded transaction, and one that is
 * frozen in the middle keeps nobody waiting.
 */
export async function guardedTransaction<T>(origin: Origin, fence: Fence, work: Work<T>): Promise<T> {
  const client = await checkOut(origin, fence)
  let broken: Error | undefined
  // The pool listens to idle clients only; without this a connection that breaks now would end the process.
  const listen = (error: Error) => (broken ??= error)
  client.on('error', listen)
  try {
    await send(client, fence, opening(fence, work.isolation))
    const result = await work.run(client)
    if (broken !== undefined) throw new TransactionLostError(fence.name, broken)
    await commit(client, fence)
    return result
  } catch (error) {
    await client.query('rollback').catch((failed: unknown) => (broken ??= asError(failed)))
    throw error
  } finally {
    client.off('error', listen)
    client.release(broken)
  }
}

async function checkOut(origin: Origin, { schema }: Fence): Promise<PooledClient> {
  try {
    return (await origin.pool().connect()) as PooledClient
  } catch (error) {
    throw describeFailure(error, origin.where, schema)
  }
}

function opening(fence: Fence, isolation: Isolation): string {
  const limit = `select fencepost.limit_idle(${fence.freezeMs} * interval '1 ms')`
  return `begin isolation level ${isolation}; ${limit}; select fencepost.check_token(${fields(fence)})`
}

async function commit(client: Queryable, fence: Fence): Promise<void> {
  try {
    await send(client, fence, `select fencepost.guard(${fields(fence)}); commit`)
  } catch (error) {
    throw isRefusal(error) ? error : new CommitUncertainError(fence.name, asError(error))
  }
}

/** An error of the server says that it did not commit; one that ends the connection (57P0x) may come after a commit. */
function isRefusal(error: unknown): boolean {
  const state = sqlState(error)
  return error instanceof FencepostError || (state !== undefined && !state.startsWith('57P'))
}

async function send(client: Queryable, fence: Fence, script: string): Promise<void> {
  try {
    await client.query(fence.schema.place(script))
  } catch (error) {
    throw describeRefusal(error, fence)
  }
}

/** A message of several statements takes no parameters. */
function fields({ name, token, namespace, session }: Fence): string {
  return `${literal(name)}, ${token}, ${literal(namespace)}, ${session}`
}
