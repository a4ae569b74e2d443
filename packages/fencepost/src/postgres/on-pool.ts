import { asError } from '../ground/as-error.ts'
import { isEndOfSession } from '../wire/sql-state.ts'
import { describeFailure } from './driver-error.ts'
import type { Queryable } from './queryable.ts'
import type { Schema } from './schema.ts'
import type { Origin } from './target.ts'

/** Whose pool, and for whose schema. */
export interface PoolPlace {
  readonly origin: Origin
  readonly schema: Schema
}

export interface PooledClient extends Queryable {
  release(broken?: Error): void
  end(): Promise<void>
  on(event: 'error', listener: (error: Error) => void): void
  off(event: 'error', listener: (error: Error) => void): void
  on(event: 'notice', listener: (notice: Notice) => void): void
  off(event: 'notice', listener: (notice: Notice) => void): void
}

export interface Notice {
  readonly code?: string
  readonly routine?: string
  readonly message?: string | undefined
}

/** A connection of the pool until it is given back; one that is broken is not used again. */
export interface CheckedOut extends Disposable {
  readonly client: PooledClient
  broken: Error | undefined
}

/** Sends one statement of ours on the pool. @throws what `describeFailure` makes of its failure. */
export async function askPool<Row>(place: PoolPlace, text: string, values: readonly unknown[]): Promise<Row[]> {
  return await onPool(place, async (client) => {
    return (await client.query<Row>(place.schema.place(text), [...values])).rows
  })
}

/** Runs `work` on a connection of the pool. @throws what `describeFailure` makes of its failure. */
export async function onPool<T>(place: PoolPlace, work: (client: Queryable) => Promise<T>): Promise<T> {
  using checkedOut = await checkOut(place)
  try {
    return await work(checkedOut.client)
  } catch (error) {
    // The server says so a moment before the connection breaks.
    if (isEndOfSession(error)) checkedOut.broken ??= asError(error)
    throw describeFailure(error, { where: place.origin.where, schema: place.schema })
  }
}

/** A connection for more than one statement. @throws what `describeFailure` makes of its failure. */
export async function checkOut({ origin, schema }: PoolPlace): Promise<CheckedOut> {
  const client = await connect(origin, schema)
  const listen = (error: Error) => (checkedOut.broken ??= error)
  const checkedOut = {
    client,
    broken: undefined as Error | undefined,
    [Symbol.dispose]() {
      client.off('error', listen)
      client.release(checkedOut.broken)
    },
  }
  // The pool listens to idle clients only; without this a connection that breaks now would end the process.
  client.on('error', listen)
  return checkedOut
}

async function connect(origin: Origin, schema: Schema): Promise<PooledClient> {
  try {
    return (await origin.pool().connect()) as PooledClient
  } catch (error) {
    throw describeFailure(error, { where: origin.where, schema })
  }
}
