import { type TransactionOwner, TransactionOverError } from '../ground/transaction-errors.ts'
import type { Queryable } from '../postgres/queryable.ts'

/**
 * Lends `client` to `work` until that is done, and takes it back before anything else is sent: a branch that `work` did not wait for
 * would write behind the COMMIT or ROLLBACK, unguarded, or inside the transaction that the pool's client is in by then.
 */
export async function lend<T>(
  client: Queryable,
  owner: TransactionOwner,
  work: (lent: Queryable) => Promise<T>,
): Promise<T> {
  let isOver = false
  const send = client.query.bind(client) as (...args: unknown[]) => unknown
  const query = (...args: unknown[]) => (isOver ? refuse(new TransactionOverError(owner), args) : send(...args))
  // What is built upon pg asks for more than a query, and for what class it is.
  const lent = new Proxy(client, {
    get(target, name) {
      if (name === 'query') return query
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' && name !== 'constructor' ? value.bind(target) : value
    },
  })
  try {
    return await work(lent)
  } finally {
    isOver = true
  }
}

/** As `query` of pg tells its errors: to a callback, or else to who waits; what submits itself, a cursor say, has no place for one. */
function refuse(error: TransactionOverError, args: readonly unknown[]): unknown {
  const callback = args.findLast((arg) => typeof arg === 'function')
  if (callback !== undefined) {
    process.nextTick(callback, error)
    return undefined
  }
  if (typeof (args[0] as { submit?: unknown } | undefined)?.submit === 'function') throw error
  return Promise.reject(error)
}
