import { CommitUncertainError, FencepostError, TransactionLostError } from '../ground/errors.ts'
import { asError, describeFailure, isEndOfSession, sqlState } from '../postgres/driver-error.ts'
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
  /** Aborts when the lock is lost: the transaction can no longer commit. */
  readonly lost: AbortSignal
  readonly run: (tx: Transaction) => Promise<T>
}

interface PooledClient extends Queryable {
  release(error?: Error | boolean): void
  end(): Promise<void>
  on(event: 'error', listener: (error: Error) => void): void
  off(event: 'error', listener: (error: Error) => void): void
}

/** How long a transaction whose lock is lost may go on without an end, which it may never hear of if the network is gone. */
const LOST_MS = 5000

/**
 * Runs `work` in a transaction that commits only while the fence stands. The token is looked at together with BEGIN,
 * to fail early, and guarded together with COMMIT: no round trip more than an unguarded transaction, and one that is
 * frozen in the middle keeps nobody waiting.
 */
export async function guardedTransaction<T>(origin: Origin, fence: Fence, work: Work<T>): Promise<T> {
  const client = await checkOut(origin, fence)
  using watched = watchClient(client, work.lost)
  try {
    await send(client, opening(fence, work.isolation), fence)
    const result = await work.run(client)
    if (watched.broken !== undefined) throw new TransactionLostError(fence.name, watched.broken)
    await commit(client, fence)
    return result
  } catch (error) {
    await client.query('rollback').catch((failed: unknown) => (watched.broken ??= asError(failed)))
    throw isEndOfSession(error) ? new TransactionLostError(fence.name, asError(error)) : error
  }
}

async function checkOut(origin: Origin, { schema }: Fence): Promise<PooledClient> {
  try {
    return (await origin.pool().connect()) as PooledClient
  } catch (error) {
    throw describeFailure(error, { where: origin.where, schema })
  }
}

/** Notices that the connection breaks, ends it some time after the lock is lost, and gives it back to the pool. */
function watchClient(client: PooledClient, lost: AbortSignal): { broken: Error | undefined } & Disposable {
  let end: NodeJS.Timeout | undefined
  const endLater = () => {
    end = setTimeout(() => void client.end().catch(() => {}), LOST_MS).unref()
  }
  const listen = (error: Error) => (watched.broken ??= error)
  const watched = {
    broken: undefined as Error | undefined,
    [Symbol.dispose]() {
      clearTimeout(end)
      lost.removeEventListener('abort', endLater)
      client.off('error', listen)
      client.release(watched.broken)
    },
  }
  // The pool listens to idle clients only; without this a connection that breaks now would end the process.
  client.on('error', listen)
  if (lost.aborted) endLater()
  else lost.addEventListener('abort', endLater, { once: true })
  return watched
}

function opening(fence: Fence, isolation: Isolation): string {
  const watch = `fencepost.watch_client(${fence.freezeMs} * interval '1 ms')`
  return `begin isolation level ${isolation}; select ${watch}, fencepost.check_token(${PLACE})`
}

async function commit(client: Queryable, fence: Fence): Promise<void> {
  try {
    await send(client, `select fencepost.guard(${PLACE}); commit`, fence)
  } catch (error) {
    throw isRefusal(error) ? error : new CommitUncertainError(fence.name, asError(error))
  }
}

/** An error of the server says that it did not commit; one that ends the session may come after a commit. */
function isRefusal(error: unknown): boolean {
  return error instanceof FencepostError || (sqlState(error) !== undefined && !isEndOfSession(error))
}

const PLACE = '<name, token, namespace, session>'

/** A message of several statements takes no parameters; the schema is placed before what the user chose is put in. */
async function send(client: Queryable, script: string, fence: Fence): Promise<void> {
  const { name, token, namespace, session, schema } = fence
  const fields = `${literal(name)}, ${token}, ${literal(namespace)}, ${session}`
  try {
    await client.query(schema.place(script).replace(PLACE, () => fields))
  } catch (error) {
    throw describeRefusal(error, fence)
  }
}
