// Compiled by `npm run check`, never run: what is no transaction must not pass for one.
import { type Fencepost, type Lock, lockInTransaction, type LockSet } from 'fencepost'
import type pg from 'pg'

declare const lock: Lock
declare const locks: LockSet
declare const fp: Fencepost
declare const pool: pg.Pool
declare const client: pg.Client
declare const pooled: pg.PoolClient

export async function accepted(): Promise<void> {
  await lock.guard(client)
  await lock.guard(pooled)
  await locks.guard(pooled)
  await lockInTransaction(client, 'a', { wait: '1s', namespace: 'shop', schema: 'other', freezeTimeout: false })
  await fp.lockInTransaction(pooled, 'a', { wait: '1s' })
  await lock.transaction((tx) => lock.guard(tx))
  const paid: number = await fp.transaction(
    ['a', 'b'],
    { isolation: 'serializable', attempts: 3 },
    async (tx, { attempt }) => {
      await lockInTransaction(tx, 'c')
      return attempt
    },
  )
  await fp.transaction('a', { wait: '1s' }, () => paid)
}

export async function refused(): Promise<void> {
  // @ts-expect-error -- each query of a pool may run on another connection
  await lock.guard(pool)
  // @ts-expect-error -- the same
  await locks.guard(pool)
  // @ts-expect-error -- the same
  await lockInTransaction(pool, 'a')
  // @ts-expect-error -- the same
  await fp.lockInTransaction(pool, 'a')
  // @ts-expect-error -- a lock is no transaction
  await lock.guard(lock)
  // @ts-expect-error -- the instance knows its namespace
  await fp.lockInTransaction(client, 'a', { namespace: 'shop' })
  // @ts-expect-error -- no such level
  await fp.transaction('a', { isolation: 'snapshot' }, () => {})
  // @ts-expect-error -- shared locks keep no writer out
  await fp.transaction('a', { shared: true }, () => {})
  // @ts-expect-error -- a number has no unit
  await fp.transaction('a', { wait: 5 }, () => {})
}
