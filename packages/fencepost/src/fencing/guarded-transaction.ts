import { CommitUncertainError, FencepostError, TransactionCutError, TransactionLostError } from '../ground/errors.ts'
import { asError } from '../ground/as-error.ts'
import { describeFailure } from '../postgres/driver-error.ts'
import { isEndOfSession, isUnreplicated, sqlState } from '../wire/sql-state.ts'
import type { Queryable } from '../postgres/queryable.ts'
import { literal, type Origin } from '../postgres/target.ts'
import type { Fence } from './fence.ts'
import { describeRefusal } from './guard.ts'
import { lend } from './lend.ts'

export type Isolation = 'read committed' | 'repeatable read' | 'serializable'

/** What has to stand for a transaction to commit: one fence or several, in the order of their keys. */
export type Fences = readonly [Fence, ...Fence[]]

/**
 * A connection of the pool in a guarded transaction, until the function it was lent to is done: after that a query is refused
 * (`TransactionOverError`). Do not send BEGIN, COMMIT or ROLLBACK on it (`TransactionCutError`).
 */
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
  on(event: 'notice', listener: (notice: Notice) => void): void
  off(event: 'notice', listener: (notice: Notice) => void): void
}

interface Notice {
  readonly code?: string
  readonly routine?: string
  readonly message?: string | undefined
}

/** How long a transaction whose lock is lost may go on without an end, which it may never hear of if the network is gone. */
const LOST_MS = 5000
/** invalid_transaction_state, as `close_guarded` says it. */
const CUT = '25000'

/**
 * Runs `work` in a transaction that commits only while its fences stand. They are guarded together with COMMIT, and looked at together with
 * BEGIN where they may not stand any more, to fail early: no round trip more than an unguarded transaction, and one that is
 * frozen in the middle keeps nobody waiting.
 */
export async function guardedTransaction<T>(origin: Origin, fences: Fences, work: Work<T>): Promise<T> {
  const [{ name }] = fences
  const client = await checkOut(origin, fences)
  using watched = watchClient(client, work.lost)
  try {
    await send(client, opening(origin, fences, work), fences)
    const result = await lend(client, name, work.run)
    if (watched.broken !== undefined) throw new TransactionLostError(name, watched.broken)
    await commit(client, fences)
    return result
  } catch (error) {
    await client.query('rollback').catch((failed: unknown) => (watched.broken ??= asError(failed)))
    // A protected table refuses in the middle of the work.
    throw isEndOfSession(error)
      ? new TransactionLostError(name, asError(error))
      : describeRefusal(error, refused(error, fences))
  }
}

/** @throws {TypeError} for what is no isolation level. */
export function checkIsolation(isolation: Isolation): Isolation {
  if (!['read committed', 'repeatable read', 'serializable'].includes(isolation)) {
    throw new TypeError(`isolation must be 'read committed', 'repeatable read' or 'serializable'; got '${isolation}'`)
  }
  return isolation
}

async function checkOut(origin: Origin, [{ schema }]: Fences): Promise<PooledClient> {
  try {
    return (await origin.pool().connect()) as PooledClient
  } catch (error) {
    throw describeFailure(error, { where: origin.where, schema })
  }
}

/** Notices that the connection breaks, ends it some time after the lock is lost, and gives it back to the pool. */
function watchClient(client: PooledClient, lost: AbortSignal): { broken: Error | undefined } & Disposable {
  const clients = clientsUnder(lost)
  const listen = (error: Error) => (watched.broken ??= error)
  const watched = {
    broken: undefined as Error | undefined,
    [Symbol.dispose]() {
      clients.delete(client)
      client.off('error', listen)
      client.release(watched.broken)
    },
  }
  // The pool listens to idle clients only; without this a connection that breaks now would end the process.
  client.on('error', listen)
  clients.add(client)
  if (lost.aborted) endLater(clients)
  return watched
}

/** The connections that are in a transaction under one lock, or several held together. */
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

/** Asks for the tokens only where the answer may be no: a process that was frozen has not heard of the server for a while. */
function opening(
  { isWatched }: Origin,
  fences: Fences,
  { isolation, lost }: Pick<Work<unknown>, 'isolation' | 'lost'>,
): string {
  const begin = `begin isolation level ${isolation}`
  if (isWatched && !lost.aborted && fences.every((fence) => fence.isHeard())) {
    return `${begin}; set local fencepost.guarded = ${numbersOf(fences)}`
  }
  const limit = isWatched ? 'null' : `${fences[0].freezeMs} * interval '1 ms'`
  return `${begin}; select fencepost.open_guarded(${PLACE}, ${limit})`
}

async function commit(client: PooledClient, fences: Fences): Promise<void> {
  const [{ name }] = fences
  let unreplicated: Notice | undefined
  const listen = (notice: Notice) => {
    if (isUnreplicated(notice)) unreplicated = notice
  }
  client.on('notice', listen)
  try {
    await send(client, `call fencepost.close_guarded(${PLACE}); commit`, fences)
  } catch (error) {
    if (sqlState(error) === CUT) throw new TransactionCutError(name, asError(error))
    throw isRefusal(error) ? error : new CommitUncertainError(name, asError(error))
  } finally {
    client.off('notice', listen)
  }
  if (unreplicated !== undefined) throw new CommitUncertainError(name, new Error(unreplicated.message))
}

/** An error of the server says that it did not commit; one that ends the session may come after a commit. */
function isRefusal(error: unknown): boolean {
  return error instanceof FencepostError || (sqlState(error) !== undefined && !isEndOfSession(error))
}

const PLACE = '<fences, names, namespace>'

/** A message of several statements takes no parameters; the schema is placed before what the user chose is put in. */
async function send(client: Queryable, script: string, fences: Fences): Promise<void> {
  const placed = fences[0].schema.place(script).replace(PLACE, () => fieldsOf(fences))
  try {
    await client.query(placed)
  } catch (error) {
    throw describeRefusal(error, refused(error, fences))
  }
}

/** They are of one instance, and so of one namespace. */
function fieldsOf(fences: Fences): string {
  const names = fences.map(({ name }) => literal(name)).join(',')
  return `${numbersOf(fences)}, array[${names}], ${literal(fences[0].namespace)}`
}

function numbersOf(fences: Fences): string {
  return `'{${fences.map(({ key, token, session }) => `${key},${token},${session}`).join(',')}}'`
}

/** A refusal carries the name it is about in a field of its own; undefined if it is about none of these. */
function refused(error: unknown, fences: Fences): Fence | undefined {
  const { constraint } = asError(error) as Error & { constraint?: string }
  return fences.find(({ name }) => name === constraint)
}
